#!/usr/bin/env bash
# PyTorch's pipelining reads the split_spec of training plans: a decoder exported by PyTorch, cut where plans of 2 to 8 stages
# say, computes what it did, and keeps for its backward pass what plans say. Installs PyTorch, some 3 GB with what it needs.
# usage: bench/split_spec.sh [BUILD]; BUILD is the folder of the programs, build without it; the virtual environment is made there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../build}" && pwd)
"$here/../.ci/python_packages.sh" "$here/split_spec/requirements.txt" "$build/torch-venv"
exec "$build/torch-venv/bin/python" -B "$here/split_spec/check.py" "$build/allot" "$build/split_spec"
