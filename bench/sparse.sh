#!/usr/bin/env bash
# Rows of sparse weights divided by Allot, KaHyPar and Mt-KaHyPar, and how fast networks are that were packed:
#   bench/sparse.sh [--kahypar-config=km1_kKaHyPar_eco_sea20.ini] [--parts=2,8,32] [--networks=...]
#   bench/sparse.sh speed [BATCHES [PART OF NAMES]]
#   bench/sparse.sh layouts [BATCHES]
# KaHyPar's packages hold no configuration; that file is in its sources. Makes an environment build/sparse-venv.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" = speed ]; then
  exec "$here/build/onnx-venv/bin/python" -B "$here/bench/sparse_speed.py" --build="$here/build" ${2:+--batches="$2"} ${3:+--only="$3"}
fi
if [ "${1:-}" = layouts ]; then
  exec "$here/build/onnx-venv/bin/python" -B "$here/bench/sparse_speed.py" --build="$here/build" --layouts --batches="${2:-1,2,4,8,16,64,256}"
fi
"$here/.ci/python_packages.sh" "$here/.ci/sparse_packages.txt" "$here/build/sparse-venv"
exec "$here/build/sparse-venv/bin/python" -B "$here/bench/sparse.py" --build="$here/build" "$@"
