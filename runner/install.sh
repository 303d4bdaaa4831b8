#!/usr/bin/env bash
# Installs what running parts needs: onnxruntime-node, and Node.js where there is none. Does nothing if all is there.
set -euo pipefail
cd "$(dirname "$0")"
export ORT_DISABLE_TELEMETRY=1

fail() { echo "error: $*" >&2; exit 1; }

loads() { node -e 'require("onnxruntime-node")' >/dev/null 2>&1; }

wanted=$(sed -n 's/.*"onnxruntime-node": "\(.*\)".*/\1/p' package.json)
installed=$(sed -n 's/^ *"version": "\([^"]*\)".*/\1/p' node_modules/onnxruntime-node/package.json 2>/dev/null || true)
[ "$installed" = "$wanted" ] && loads && exit 0

command -v node >/dev/null && command -v npm >/dev/null || bash ../.ci/install.sh run ||
  fail "running parts needs Node.js 18 or later with npm: install them, then run runner/install.sh again"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] ||
  fail "running parts needs Node.js 18 or later, and 'node' is $(node --version): install a newer one"

echo "installing onnxruntime-node $wanted"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf node_modules/onnxruntime-node # npm takes half a package for a whole one
# Its install script would only fetch CUDA files.
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --fetch-retry-mintimeout=1000 \
  --fetch-retry-maxtimeout=5000 >"$log" 2>&1 || {
  reason=$(grep -E '^npm (ERR!|error) ' "$log" | grep -vE '^npm (ERR!|error) (code|errno|syscall) ' | head -n 1 |
           sed -E 's/^npm (ERR!|error) //') || true
  fail "npm could not install onnxruntime-node${reason:+: $reason};" \
    "check the network and 'npm config get registry', then run runner/install.sh again"
}
loads || fail "onnxruntime-node is installed and does not load: $(node -e 'require("onnxruntime-node")' 2>&1 |
  grep -m 1 -E 'Error' || true)"
