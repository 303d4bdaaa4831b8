#!/usr/bin/env bash
# Installs the one package that FOLDER/package.json names, in exactly that version, into FOLDER/node_modules. Does nothing
# if it is there. Its own scripts are not run.
set -euo pipefail
cd "${1:?usage: install_npm.sh FOLDER}"

fail() { echo "error: $*" >&2; exit 1; }

package=$(sed -n 's/^ *"\([^"]*\)": "[0-9][^"]*"$/\1/p' package.json)
wanted=$(sed -n 's/^ *"[^"]*": "\([0-9][^"]*\)"$/\1/p' package.json)
installed=$(sed -n 's/^ *"version": "\([^"]*\)".*/\1/p' "node_modules/$package/package.json" 2>/dev/null || true)
[ "$installed" = "$wanted" ] && exit 0

command -v npm >/dev/null || fail "$package needs npm to be installed: run .ci/install.sh"
echo "installing $package $wanted"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --fetch-retry-mintimeout=1000 \
  --fetch-retry-maxtimeout=5000 >"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "npm could not install $package; check the network and 'npm config get registry'"; }
