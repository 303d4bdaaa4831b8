#!/usr/bin/env bash
# Solves every published instance of a folder and random modular graphs, and prints Markdown tables: value, bound, gap and
# CPU seconds beside the figures of others; splitting against one MILP and against list schedulers.
# usage: bench/anchors.sh [FOLDER] [SEEDS] [WORK]; no FOLDER, or "-": random graphs only
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:--}
seeds=${2:-100}
work=${3:-20000000}
cmake --preset release -DALLOT_BENCH=ON -DALLOT_TESTS=ON >&2
cmake --build build --target anchors modular-study >&2
if [ -d "$folder" ]; then
  echo "## Published instances"
  build/anchors "$folder" bench/published.json "$work"
elif [ "$folder" != - ]; then
  echo "error: there is no folder $folder" >&2
  exit 1
fi
echo
echo "## Random modular graphs"
build/modular-study "$seeds" "$work"
