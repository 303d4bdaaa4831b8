#!/usr/bin/env bash
# A model with 3 GB of external weights, and one with 200 MB inside, are planned, written and hashed in little memory.
# Arguments: allot, make-e2e-models, peak-memory, a scratch folder.
set -euo pipefail
allot=$1 make_models=$2 peak_memory=$3 scratch=$4
rm -rf "$scratch"
mkdir -p "$scratch"
"$make_models" "$scratch" --large
truncate -s $((12 * 8192 * 8192 * 4)) "$scratch/large.bin"  # holes: takes no room on the disk

# Compiles the model NAME into the folder NAME with at most LIMIT KiB of memory.
compile() { # NAME LIMIT
  local peak
  peak=$("$peak_memory" "$allot" "$scratch/$1.onnx" --target=cpu-2gpu --objective=throughput -o "$scratch/$1" --quiet)
  echo "$1: peak resident memory $peak KiB, files take $(du -sk "$scratch/$1" | cut -f1) KiB"
  ls "$scratch/$1"/*.onnx >/dev/null
  [ "$peak" -gt 0 ] && [ "$peak" -lt "$2" ]
}

compile large 300000
[ "$(du -sk "$scratch/large" | cut -f1)" -lt 10000 ]
compile heavy 100000
[ "$(grep -c '"sha256"' "$scratch/heavy/manifest.json")" -eq "$(ls "$scratch/heavy"/*.onnx | wc -l)" ]
rm -rf "$scratch"
