#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot=$1/bin/allot
model=$(dirname "$(realpath "$0")")/../mlp.onnx
plugin=--load-plugin=./measured_rates.so

"$allot" $plugin --list | grep '^  measured-rates ' >/dev/null
"$allot" "$model" $plugin --target=cpu-2gpu --cost-model='measured-rates{percent=90}' | grep ': 5 nodes on cpu-2gpu' >/dev/null
! "$allot" "$model" $plugin --target=cpu-2gpu --cost-model='measured-rates{percent=900}' 2>error.txt
grep -qF "measured-rates: expected percent=1 to 100, not 'percent=900'" error.txt
