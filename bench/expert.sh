#!/usr/bin/env bash
# Prints what a person would do with a model by hand, worked out by code that shares nothing with Allot's solvers: the best single
# device, copies that take turns, the best chain of ranges, copies of chains. How, is in bench/expert/.
# usage: bench/expert.sh MODEL.onnx [--target=FILE|NAME] [--objective=latency|throughput] [--json] [FLAG of allot-opt, as --dim=...]
# ALLOT_OPT is the program, build/allot-opt without it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
allot_opt=${ALLOT_OPT:-$here/../build/allot-opt}
model=${1:?usage: bench/expert.sh MODEL.onnx [--target=FILE|NAME] [--objective=latency|throughput] [--json]}
shift
asked=() printed=()
for flag in "$@"; do
  if [ "$flag" = --json ]; then printed+=("$flag"); else asked+=("$flag"); fi
done
problem=$(mktemp)
trap 'rm -f "$problem"' EXIT
# Weights count by their size alone, so their files need not be there.
"$allot_opt" "$model" --allow-missing-data "${asked[@]}" --infer-shapes --estimate-cost --coarsen --print-problem -o "$problem"
node "$here/expert.mjs" "$problem" "${printed[@]}"
