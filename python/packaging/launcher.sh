#!/bin/sh
# Installed beside `allot` as allot-run and the like: starts the script of that name, in a package that holds no links.
here=${0%/*} name=${0##*/}
command -v node >/dev/null || { echo "error: $name cannot start: there is no 'node' on PATH; it needs Node.js 18 or later" >&2; exit 1; }
ALLOT=${ALLOT:-$here/allot} exec node "$here/../run/$name.mjs" "$@"
