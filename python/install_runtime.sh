#!/usr/bin/env bash
# Makes a virtual environment with what running parts needs, ONNX Runtime and NumPy in pinned versions, where allot-run and the
# like look for it. Does nothing if it is there. ALLOT_PYTHON in the environment names a Python of yours that has them instead.
# Argument: another folder for the environment, to be named by ALLOT_PYTHON=FOLDER/bin/python then.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
fail() { echo "error: $*" >&2; exit 1; }
loads() { ORT_DISABLE_TELEMETRY=1 "$1" -c 'import numpy, onnxruntime' 2>&1 | tail -n 1; }

if [ -n "${ALLOT_PYTHON:-}" ]; then
  why=$(loads "$ALLOT_PYTHON" || true)
  [ -z "$why" ] || fail "ALLOT_PYTHON is '$ALLOT_PYTHON', which cannot run parts ($why): pip install onnxruntime there, or unset it"
  exit 0
fi
folder=${1:-$here/venv}
make=$here/../.ci/python_packages.sh
[ -f "$make" ] || make=$here/python_packages.sh # where it is installed
command -v python3 >/dev/null && python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null ||
  bash "$here/../.ci/install.sh" run 2>/dev/null ||
  fail "running parts needs Python 3.9 or later with its module venv: install them (on Debian python3-venv), then run $0 again"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$make" "$here/runtime_requirements.txt" "$folder" 2>"$log" || {
  reason=$(grep -m 1 -i '^error' "$log" | sed -E 's/^error: *//I') || true
  fail "ONNX Runtime could not be installed into $folder${reason:+: $reason}; check the network, pip's index" \
    "and that the folder can be written, then run $0 again"
}
why=$(loads "$folder/bin/python" || true)
[ -z "$why" ] || fail "ONNX Runtime is installed in $folder and does not load: $why"
