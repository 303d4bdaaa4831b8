#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot_opt=$1/bin/allot-opt allot=$1/bin/allot
model=$(dirname "$(realpath "$0")")/../mlp.onnx
plugin=--load-pass-plugin=./drop_dropout.so

"$allot_opt" $plugin --help | grep -e '--drop-dropout' >/dev/null
test "$("$allot_opt" "$model" | grep -c '"onnx.Dropout"')" = 1
test "$("$allot_opt" "$model" $plugin --drop-dropout | grep -c '"onnx.Dropout"')" = 0
test "$("$allot_opt" "$model" $plugin --drop-dropout='keep=dropout' | grep -c '"onnx.Dropout"')" = 1
# A step like any other: options are checked and printed, results are verified.
"$allot_opt" "$model" $plugin --pass-pipeline='onnx.graph(drop-dropout{keep=x},infer-shapes)' -dump-pass-pipeline 2>&1 |
  grep -F 'drop-dropout{keep=x}' >/dev/null
"$allot" "$model" $plugin --target=cpu-2gpu --pass-pipeline='drop-dropout,place-default' | grep ': 4 nodes on cpu-2gpu' >/dev/null
