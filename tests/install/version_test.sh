#!/usr/bin/env bash
# The version is one: in the source, the build, what is installed, the programs, the Python package, the head of the changelog, and the
# tag, if this commit has one. Arguments: the build folder, the source folder.
set -euo pipefail
build=$1
cd "$2"
failed=0 passed=0
is() { # where, found
  if [ "$2" = "$version" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1 says '$2', not $version"; fi
}

version=$(sed -n 's/^#define ALLOT_VERSION "\(.*\)"$/\1/p' support/version.h)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "FAILED: support/version.h says '$version'"; exit 1; }
is "the build" "$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")"
for program in allot allot-opt allot-solve allot-make-model; do
  is "$program" "$("$build/$program" --version | sed 's/.* version //')"
done
is "allot.pc" "$(sed -n 's/^Version: //p' "$build/package/allot.pc")"
is "AllotConfigVersion.cmake" "$(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")$/\1/p' "$build/package/AllotConfigVersion.cmake")"
is "the Debian packages" "$(sed -n 's/^set(CPACK_PACKAGE_VERSION "\(.*\)")$/\1/p' "$build/CPackConfig.cmake")"
is "the Python package" "$(python3 -B -c 'import sys; sys.path.insert(0, "python/packaging"); import metadata
print(metadata.dynamic_metadata(None, None)["version"])')"
# "## 0.2.0, not released" or "## 0.2.0, 2027-01-31"
head=$(grep -m 1 '^## ' CHANGELOG.md)
is "CHANGELOG.md" "$(sed -n 's/^## \([0-9.]*\), .*/\1/p' <<<"$head")"
[[ $head =~ ,\ (not\ released|[0-9]{4}-[0-9]{2}-[0-9]{2})$ ]] || { failed=$((failed + 1)); echo "FAILED: CHANGELOG.md begins with '$head'"; }

if tag=$(git describe --exact-match --tags --match 'v*' 2>/dev/null); then
  is "the tag" "${tag#v}"
  [[ $head == *released ]] && { failed=$((failed + 1)); echo "FAILED: $tag is tagged, and CHANGELOG.md says '$head'"; }
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
