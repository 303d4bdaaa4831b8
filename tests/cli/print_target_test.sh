#!/usr/bin/env bash
# What --print-target prints is a target file that means the same. Arguments: allot, make-e2e-models, a scratch folder.
set -euo pipefail
allot=$1 make_models=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch/models"
"$make_models" "$scratch/models"
cd "$scratch"
for target in cpu-2gpu soc-npu host host:cpus=1 host:cpus=1,gpus=0; do
  "$allot" --print-target --target="$target" >first.json
  "$allot" --print-target --target=first.json >second.json
  cmp first.json second.json || { echo "FAILED $target: does not read back"; exit 1; }
  "$allot" models/branches.onnx --target="$target" -o by_name --quiet
  "$allot" models/branches.onnx --target=first.json -o by_file --quiet
  # All but what --target was given.
  diff -r -x .allot-files.json -I '^    "target": "' by_name by_file || { echo "FAILED $target: the file makes another plan"; exit 1; }
done
"$allot" --print-target --target=cpu-gpu --pin 'a.*=gpu0' >pinned.json
grep -q '"pin": "gpu0"' pinned.json || { echo "FAILED: rules of the command line are missing"; exit 1; }
"$allot" --print-target --target=host:cpus=1 >one.json
grep -qE '"cores": "[0-9]+"' one.json || { echo "FAILED: one core is not one core"; cat one.json; exit 1; }
echo "targets print and read back"
