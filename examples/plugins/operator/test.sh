#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot=$1/bin/allot
model=$(dirname "$(realpath "$0")")/low_rank.onnx
plugin=--load-plugin=./low_rank.so
run="--target=cpu-2gpu --dim=N=8"

"$allot" $plugin --list | grep '^  acme:LowRankLinear' >/dev/null
# Nobody knows the operator: no types, so nothing can cross between parts, and no work.
"$allot" "$model" $run >plain.txt 2>messages.txt
grep -q 'warning: no rule gives the types of acme.LowRankLinear (1 result)' messages.txt
"$allot" "$model" $run --print-costs=first 2>/dev/null | grep -q ': 0 operations$'
# With the plug-in there is nothing to say, and the parts have types at their ends.
"$allot" "$model" $run $plugin -o out --pin='first=gpu0' --pin='second=gpu1' >taught.txt 2>messages.txt
test ! -s messages.txt
grep -q '^cut .* in 1 transfers between 2 parts' taught.txt
"$allot" "$model" $run $plugin --print-costs=first >costs.txt
grep -qF "as products of [256, 64] [64, 4] and [256, 4] [4, 96]" costs.txt
# Its cost model charges two launches instead of one.
launch() { "$allot" "$model" $run $plugin --cost-model="$1" --print-costs="$2" | awk '$1 == "gpu0" { print $6 }'; }
awk -v one="$(launch roofline first)" -v two="$(launch two-kernels first)" 'BEGIN { exit !(one > 0 && two == 2 * one) }'
test "$(launch roofline relu)" = "$(launch two-kernels relu)"
