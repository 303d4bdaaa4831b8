#!/usr/bin/env bash
# A model with 3 GB of external weights is planned and written in less than 300 MB. Arguments: allot, make-e2e-models, a
# scratch folder.
set -euo pipefail
allot=$1 make_models=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
"$make_models" "$scratch" --large
truncate -s $((12 * 8192 * 8192 * 4)) "$scratch/large.bin"  # holes: takes no room on the disk

"$allot" "$scratch/large.onnx" --objective=throughput -o "$scratch/out" --json --quiet >"$scratch/report.json" &
pid=$!
peak=0
while kill -0 $pid 2>/dev/null; do
  now=$(awk '/VmHWM/ {print $2}' /proc/$pid/status 2>/dev/null || true)
  peak=${now:-$peak}
  sleep 0.01
done
wait $pid
echo "peak resident memory $peak KiB, files take $(du -sk "$scratch/out" | cut -f1) KiB"
ls "$scratch/out"/*.onnx >/dev/null
[ "$peak" -gt 0 ] && [ "$peak" -lt 300000 ]
[ "$(du -sk "$scratch/out" | cut -f1)" -lt 10000 ]
rm -rf "$scratch"
