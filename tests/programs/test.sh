#!/usr/bin/env bash
# `allot profile`, `target`, `tune` and `view` of a build folder, by the Python that they would start with. Arguments: the build
# folder, and tests by name, without which all are run.
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")"
root=$(realpath ../..)
python=python3
[ ! -x "$root/python/venv/bin/python" ] || python=$root/python/venv/bin/python
python=${ALLOT_PYTHON:-$python}
"$python" -c 'import onnxruntime' 2>/dev/null || echo "$python has no onnxruntime: only what needs none is tested (python/install_runtime.sh)"
export ALLOT=$build/allot ALLOT_MAKE_E2E_MODELS=$build/make-e2e-models ORT_DISABLE_TELEMETRY=1
if [ $# -eq 0 ]; then "$python" -B -m unittest discover; else "$python" -B -m unittest "$@"; fi
