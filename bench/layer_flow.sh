#!/usr/bin/env bash
# Solves every layer-flow instance of a folder and prints a Markdown table: the value that is published with it, ours, what is
# proved, the gap, the rules of Petals and SWARM, servers on the longest route, and CPU seconds.
# usage: bench/layer_flow.sh FOLDER [BUILD_FOLDER] [FLAG OF allot-solve ...]
set -euo pipefail
folder=${1:?usage: bench/layer_flow.sh FOLDER [BUILD_FOLDER] [FLAG ...]}
build=${2:-build}
shift $(($# < 2 ? $# : 2))
[ -d "$folder" ] || { echo "error: there is no folder $folder" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

member() { sed -nE "s/^  \"$2\": \"?([^\",]*)\"?,?\$/\1/p" "$1"; }  # FILE KEY
rounded() { [ -z "$1" ] || [ "$1" = null ] || printf '%.3f' "$1"; }
gaps=
echo "| instance | servers | published | value | bound | gap % | by | proved | Petals | SWARM | round trip | CPU s |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: |"
for file in "$folder"/*.json*; do
  TIMEFORMAT=%U
  { time "$build/allot-solve" "$file" "$@" --json >"$scratch/result.json"; } 2>"$scratch/seconds" || { cat "$scratch/seconds" >&2; exit 1; }
  [ "$(member "$scratch/result.json" kind)" = layer-flow ] || continue
  for rule in petals swarm; do "$build/allot-solve" "$file" "$@" --solver=$rule --json >"$scratch/$rule.json"; done
  "$build/allot-solve" "$file" "$@" --judge="$scratch/result.json" --json >"$scratch/judged.json"
  gap=$(member "$scratch/result.json" gap)
  [ "$gap" = null ] || gaps+=" $gap"
  echo "| $(basename "${file%.json*}") | $(grep -cE '^    \[' "$scratch/result.json") | $(rounded "$(member "$scratch/judged.json" published)") \
| $(rounded "$(member "$scratch/result.json" objective)") | $(rounded "$(member "$scratch/result.json" bound)") \
| $([ "$gap" = null ] || awk -v g="$gap" 'BEGIN {printf "%.2f", 100 * g}') | $(member "$scratch/result.json" bound_name) \
| $([ "$(member "$scratch/result.json" proved_optimal)" = true ] && echo yes) | $(rounded "$(member "$scratch/petals.json" objective)") \
| $(rounded "$(member "$scratch/swarm.json" objective)") | $(member "$scratch/result.json" round_trip) | $(tail -1 "$scratch/seconds" | awk '{printf "%.2f", $1}') |"
done
# shellcheck disable=SC2086
printf '%s\n' $gaps | awk '{sum += $1} END {if (NR > 0) printf "\nMean gap: %.2f %%.\n", 100 * sum / NR}'
