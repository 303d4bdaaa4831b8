#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot=$1/bin/allot
model=$(dirname "$(realpath "$0")")/../mlp.onnx
plugin=--load-plugin=./memory_bound.so

"$allot" $plugin --list | grep '^  memory-bound ' >/dev/null
# On the CPU, all but a launch of 5 us is the time of the bytes: half the bandwidth, twice the time.
value() { "$allot" "$model" $plugin --target=cpu-gpu --pin='.*=cpu0' --cost-model="$1" --json |
  sed -n 's/^ *"value_us": \([0-9.]*\).*/\1/p' | head -1; }
awk -v whole="$(value memory-bound)" -v half="$(value 'memory-bound{percent=50}')" \
  'BEGIN { d = (half - 5) / (whole - 5) - 2; exit !(whole > 5 && d < 0.01 && d > -0.01) }'
! "$allot" "$model" $plugin --target=cpu-2gpu --cost-model='memory-bound{percent=0}' 2>error.txt
grep -q 'memory-bound: 0 is no percentage from 1 to 100' error.txt
