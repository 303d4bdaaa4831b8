#!/usr/bin/env bash
# How planning grows with the graph: synthetic models of 1,000 to 20,000 operators, seconds and peak memory of the whole program.
# usage: bench/scale.sh [BUILD_FOLDER]   (configured with -DALLOT_BENCH=ON)
set -euo pipefail
build=${1:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "| operators | objective | seconds | peak memory MiB | value ms | bound ms |"
echo "|---:|---|---:|---:|---:|---:|"
for count in 1000 2000 5000 10000 20000; do
  "$build/make-synthetic" $count "$scratch/model.onnx"
  for objective in latency throughput; do
    start=$(date +%s%N)
    "$build/allot" "$scratch/model.onnx" --target=cpu-2gpu --objective=$objective --json --quiet >"$scratch/report.json" &
    pid=$!
    peak=0
    while kill -0 $pid 2>/dev/null; do
      now=$(awk '/VmHWM/ {print $2}' /proc/$pid/status 2>/dev/null || true)
      peak=${now:-$peak}
      sleep 0.02
    done
    wait $pid
    end=$(date +%s%N)
    value=$(sed -n 's/^  "value_us": \([0-9.e+]*\),$/\1/p' "$scratch/report.json")
    bound=$(sed -n 's/^  "lower_bound_us": \([0-9.e+]*\),$/\1/p' "$scratch/report.json")
    awk -v n=$count -v o=$objective -v t=$((end - start)) -v m="$peak" -v v="$value" -v b="$bound" \
      'BEGIN {printf "| %d | %s | %.2f | %.0f | %.4f | %.4f |\n", n, o, t / 1e9, m / 1024, v / 1e3, b / 1e3}'
  done
done
