#!/usr/bin/env bash
# What allot-solve finds on instances of the kind strategies, as a table:
#   bench/strategies.sh FOLDER [FLAGS of allot-solve ...]
# FOLDER holds the published files, X.json.gz. The published values are the best of all teams of the
# IOPDDL contest (asplos-contest/2025, misc/iopddl_final_results.csv).
set -euo pipefail
folder=${1:?usage: bench/strategies.sh FOLDER [FLAGS ...]}
shift
here=$(cd "$(dirname "$0")/.." && pwd)
declare -A published=([A]=6548641531 [B]=532843 [C]=84102445260 [D]=313613524736 [G]=217039 [K]=2274276676
  [L]=1970993742 [M]=49928460991 [N]=202739586553 [P]=662197407330 [Q]=526776842042 [R]=371899551572
  [S]=1534613444 [T]=682895254913 [U]=2569342178 [V]=1632051)
echo "| instance | best published | value | published / value | bound | gap % | proved | seconds | CPU s | MiB |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |"
result=$(mktemp) usage=$(mktemp)
trap 'rm -f "$result" "$usage"' EXIT
for file in "$folder"/*.json.gz; do
  name=$(basename "$file" .json.gz)
  /usr/bin/time -o "$usage" -f "%e %U %M" "$here/build/allot-solve" "$file" --json "$@" >"$result"
  python3 - "$name" "${published[$name]:-}" "$result" "$usage" <<'PYTHON'
import json, sys
name, published, result, usage = sys.argv[1:]
found = json.load(open(result))
wall, cpu, kib = open(usage).read().split()[-3:]
value, bound = found["objective"], found["bound"]
ratio = f"{int(published) / value:.4f}" if published and value else ""
gap = f"{100 * (value - bound) / value:.2f}" if value and bound is not None else ""
proved = "yes" if found["proved_optimal"] else ""
print(f"| {name} | {published} | {value} | {ratio} | {bound} | {gap} | {proved} | {float(wall):.1f} | {float(cpu):.1f} | {int(kib) // 1024} |")
PYTHON
done
