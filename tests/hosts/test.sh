#!/usr/bin/env bash
# Plans that run across hosts. Arguments: the build folder, and tests by name, without which all are run. Status 77: there is no
# Python with ONNX Runtime. What needs root, namespaces or Open MPI is left out, with a word, where these are not.
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")"
root=$(realpath ../..)
list=$root/tests/hosts/requirements.txt
python=${ALLOT_PYTHON:-$build/hosts-venv/bin/python}
export ALLOT_BUILD=$build ORT_DISABLE_TELEMETRY=1 PYTHONPATH=$root/python:$root/tests/programs:$root/tests/running:$root/tests/hosts
[ -n "${ALLOT_PYTHON:-}" ] || bash "$root/.ci/python_packages.sh" "$list" "$build/hosts-venv" || { echo "skipped: no packages"; exit 77; }
"$python" -c 'import numpy, onnxruntime' 2>/dev/null || { echo "skipped: $python has no onnxruntime"; exit 77; }
if [ $# -eq 0 ]; then "$python" -B -m unittest discover -v; else "$python" -B -m unittest -v "$@"; fi
