#!/usr/bin/env bash
# Builds a wheel that runs where nothing of Allot's is installed, not even the libraries that it needs: these are in it, with
# their licences. Needs what `.ci/install.sh build` installs, on Debian, and a network for the tools, once.
# usage: python/build_wheel.sh [FOLDER [BUILD-FOLDER]]     default: build-python/wheels, build-python
# ALLOT_WITH_GLPK=ON in the environment: with GLPK's solver; the wheel is under the GPL-3 then.
set -euo pipefail
folder=$(realpath -m "${1:-$(dirname "$0")/../build-python/wheels}")
build=$(realpath -m "${2:-$(dirname "$0")/../build-python}")
cd "$(dirname "$0")/.."
fail() { echo "error: $*" >&2; exit 1; }
command -v dpkg-query >/dev/null || fail "the licences of what goes into the wheel are looked up with Debian's dpkg, which is not here"

tools=$build/wheel-tools
.ci/python_packages.sh python/packaging/requirements.txt "$tools"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "this failed: $*"; }; }

export PATH=$tools/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
# A folder that is there keeps what it is configured for.
tests=$(sed -n 's/^ALLOT_TESTS:BOOL=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
quietly "$tools/bin/pip" wheel . --no-deps --no-build-isolation --config-settings build-dir="$build" \
  --config-settings cmake.define.ALLOT_TESTS="${tests:-OFF}" \
  -w "$work/plain"
quietly auditwheel repair "$work"/plain/*.whl -w "$work/repaired"

# Each library that went in brings the licence of its package.
wheel=$(basename "$work"/repaired/*.whl)
quietly "$tools/bin/python" -m wheel unpack "$work/repaired/$wheel" -d "$work/tree"
tree=$(echo "$work"/tree/*)
licences=$(echo "$tree"/*.dist-info)/licenses
mapfile -t names < <(basename -a "$tree"/allot.libs/* | sed -E 's/-[0-9a-f]{8}\.so/.so/')
owners=$(dpkg-query -S "${names[@]/#/*/}") || fail "no package has these libraries, whose licences belong into the wheel: ${names[*]}"
for package in $(cut -d: -f1 <<<"$owners" | tr -d ',' | sort -u); do
  [ -f "/usr/share/doc/$package/copyright" ] || fail "/usr/share/doc/$package/copyright is missing, which belongs into the wheel"
  cp "/usr/share/doc/$package/copyright" "$licences/$package"
done
mkdir -p "$folder"
rm -f "$folder"/allot-*.whl
quietly "$tools/bin/python" -m wheel pack "$tree" -d "$folder"
echo "$folder/$wheel"
