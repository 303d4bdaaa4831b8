#!/usr/bin/env bash
# Times single functions: evaluators, bounds, import, print and parse, passes, JSON (bench/micro/).
# usage: bench/micro.sh [--filter=REGEX]
#        bench/micro.sh OLD NEW [--filter=REGEX] [--pairs=N] [--seconds=S] [--limit=RATIO]
# Without builds: builds the micro-benchmarks in build/ and runs those whose names match. OLD, NEW: build folders that have them; each
# benchmark is run in turn in both, N times (7) for at least S seconds (0.05) each. Prints the medians of the processor times of one
# iteration, their ratio NEW / OLD, and its noise: half of the distance between the quartiles of the ratios of the pairs. What looks
# slower is run as often again. Exit status 1 if a ratio less its noise is still above RATIO (1.10).
set -euo pipefail
if [ $# -eq 0 ] || [[ $# -eq 1 && $1 == --filter=* ]]; then
  filter=${1:-.}
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  cmake --preset release -DALLOT_BENCH=ON -DALLOT_TESTS=ON >&2
  cmake --build build --target micro-benchmarks >&2
  exec build/micro-benchmarks "--benchmark_filter=${filter#--filter=}"
fi
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/micro.py" "$@"
