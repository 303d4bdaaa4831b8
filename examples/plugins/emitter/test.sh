#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot=$1/bin/allot
model=$(dirname "$(realpath "$0")")/../mlp.onnx
plugin=--load-plugin=./placement_csv.so

rm -rf out
"$allot" "$model" $plugin --target=cpu-2gpu --quiet -o out --emit=placement-csv,manifest
test "$(wc -l <out/placement.csv)" = 6
grep -q '^"hidden","MatMul","cpu0",' out/placement.csv
grep -q '"placement.csv"' out/manifest.json
"$allot" "$model" $plugin --target=cpu-2gpu --quiet -o out --emit='placement-csv{header=false}'
test "$(wc -l <out/placement.csv)" = 5
# Only where it is asked for.
rm -rf out
"$allot" "$model" $plugin --target=cpu-2gpu --quiet -o out
test -e out/plan.json -a ! -e out/placement.csv
