#!/usr/bin/env bash
# Running parts on workers, by the Python that `allot run` would start with. Arguments: the build folder, and tests by name, without
# which all are run. Status 77: there is no Python with ONNX Runtime.
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")"
root=$(realpath ../..)
python=python3
[ ! -x "$root/python/venv/bin/python" ] || python=$root/python/venv/bin/python
python=${ALLOT_PYTHON:-$python}
export ALLOT_BUILD=$build ORT_DISABLE_TELEMETRY=1 PYTHONPATH=$root/python:$root/tests/programs
"$python" -c 'import numpy, onnxruntime' 2>/dev/null || { echo "skipped: $python has no onnxruntime (python/install_runtime.sh)"; exit 77; }
if [ $# -eq 0 ]; then "$python" -B -m unittest discover; else "$python" -B -m unittest "$@"; fi
