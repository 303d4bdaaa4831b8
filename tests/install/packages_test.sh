#!/usr/bin/env bash
# The Debian packages: made by cpack, and what is in them. Arguments: the build folder, a folder to work in, and whether
# it was built with GLPK (ON or OFF).
set -euo pipefail
build=$1 work=$2 glpk=$3
fail() { echo "FAILED: $*" >&2; exit 1; }

rm -rf "$work"
mkdir -p "$work"
cpack --config "$build/CPackConfig.cmake" -B "$work" >"$work/log" 2>&1 || { cat "$work/log"; fail cpack; }
package() { # name: its file
  local files=("$work/$1"_*.deb)
  [ -f "${files[0]}" ] || fail "there is no package $1: $(ls "$work")"
  echo "${files[0]}"
}
contents() { dpkg-deb --contents "$(package "$1")"; }
has() { # package, path as an extended regular expression
  grep -qE " \./usr/$2( -> .*)?$" <<<"$(contents "$1")" || fail "$1 lacks $2"
}
says() { # package, field, text as an extended regular expression
  local value
  value=$(dpkg-deb --field "$(package "$1")" "$2")
  grep -qE "$3" <<<"$value" || fail "$2 of $1 is not '$3': $value"
}
licence() { # package, expected
  grep -q "^License: $2" <<<"$(dpkg-deb --fsys-tarfile "$(package "$1")" | tar -xO "./usr/share/doc/$1/copyright")" ||
    fail "$1 is not under $2"
}

has liballot0 'lib/liballot\.so\.0'
says liballot0 Depends 'libonnx1.*libprotobuf|libprotobuf.*libonnx1'
says liballot0 Depends 'libre2'
licence liballot0 Apache-2.0
grep glpk <<<"$(dpkg-deb --field "$(package liballot0)" Depends)" && fail "liballot0 needs GLPK"
has liballot-dev 'include/allot/allot\.h'
has liballot-dev 'include/allot/api/compile\.h'
has liballot-dev 'lib/liballot\.a'
has liballot-dev 'lib/liballot\.so'
has liballot-dev 'lib/cmake/Allot/AllotConfig\.cmake'
has liballot-dev 'lib/pkgconfig/allot\.pc'
says liballot-dev Depends 'liballot0 \(= [0-9.]+\)'
licence liballot-dev Apache-2.0
has allot 'bin/allot'
has allot 'bin/allot-run'
has allot 'lib/allot/python/launcher\.sh'
has allot 'lib/allot/python/allot/commands/run\.py'
has allot 'lib/allot/python/allot/viewing/page/client\.js'
has allot 'lib/allot/run/profile_torch\.py'
has allot 'share/bash-completion/completions/allot'
# Every program has a manual page.
programs=$(contents allot | sed -n 's|.* \./usr/bin/\(allot[a-z-]*\).*|\1|p')
for program in $programs allot-explain allot-diff allot-check; do has allot "share/man/man1/$program\.1\.gz"; done
for program in allot allot-opt allot-solve allot-make-model; do
  grep -qx "$program" <<<"$programs" || fail "allot lacks $program"
  page=$(dpkg-deb --fsys-tarfile "$(package allot)" | tar -xO "./usr/share/man/man1/$program.1.gz" | gzip -dc)
  grep -qF -- '--print-completion' <<<"${page//\\-/-}" || fail "the manual page of $program says nothing of its flags"
done
for file in "$work"/*.deb; do
  name=$(basename "$file")
  name=${name%%_*}
  has "$name" "share/doc/$name/changelog\.gz"
done
says allot Maintainer '^.+ <.+@.+>$'
if [ "$glpk" = ON ]; then
  has liballot-milp0 'lib/liballot_milp\.so\.0'
  says liballot-milp0 Depends 'libglpk'
  says liballot-milp0 Depends 'liballot0 \(= [0-9.]+\)'
  says liballot-milp0 Description 'General Public License, version 3'
  licence liballot-milp0 'GPL-3\+'
  has liballot-milp-dev 'include/allot/allot_milp\.h'
  grep -i milp <<<"$(contents liballot-dev)" && fail "liballot-dev has what is under the GPL"
  says allot Depends 'libglpk'
  says allot Description 'General Public License, version 3'
  licence allot 'GPL-3\+'
else
  licence allot Apache-2.0
  ls "$work"/*milp* 2>/dev/null && fail "packages of GLPK's solver without it"
fi

# What lintian says besides: CPack's own scripts call ldconfig beside the trigger; libraries and what finds them are in /usr/lib, for
# no machine in particular; the passes for mlir-opt are found by name, and have no version; whoever packs has no address.
if command -v lintian >/dev/null; then
  excused=maintscript-calls-ldconfig,pkg-config-unavailable-for-cross-compilation,shared-library-lacks-version
  excused+=,package-name-doesnt-match-sonames,bogus-mail-host,bogus-mail-host-in-debian-changelog
  lintian --allow-root --tag-display-limit 0 --fail-on error,warning --suppress-tags "$excused" "$work"/*.deb >"$work/lintian" 2>&1 ||
    { cat "$work/lintian"; fail lintian; }
fi

# No file is in two packages: they could not be installed together.
twice=$(for file in "$work"/*.deb; do dpkg-deb --contents "$file"; done | grep -v '/$' | awk '{print $6}' | sort | uniq -d)
[ -z "$twice" ] || fail "in more than one package: $twice"

# Unpacked over each other they are a whole that runs.
for file in "$work"/*.deb; do dpkg-deb --extract "$file" "$work/root"; done
grep -q cpu-2gpu <<<"$("$work/root/usr/bin/allot" --list)" || fail "the packaged program does not run"
grep -q googlenet <<<"$("$work/root/usr/bin/allot" make-model --list)" || fail "the packaged allot does not find make-model"
echo "packages: all well"
