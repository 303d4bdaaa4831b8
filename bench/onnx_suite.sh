#!/usr/bin/env bash
# The newest backend tests of ONNX, some 1,900 models that its wheel computes, against Allot: inferred types against the values that
# are expected and against ONNX's own inference; the nodes scattered over three devices and run in ONNX Runtime, bit for bit.
# usage: bench/onnx_suite.sh [BUILD] [--only=REGEX] [--sample=N] [--keep=REGEX] [--every-opset] [--skip=types|runs] [--details]
# BUILD is the folder of the programs, build without it; the virtual environment is made there.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=$here/../build
case "${1:-}" in -*|'') ;; *) build=$1; shift ;; esac
"$here/../.ci/python_packages.sh" "$here/onnx_suite/requirements.txt" "$build/onnx-venv"
export ORT_DISABLE_TELEMETRY=1
exec "$build/onnx-venv/bin/python" -B "$here/onnx_suite/suite.py" "$build" "$@"
