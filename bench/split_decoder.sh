#!/usr/bin/env bash
# A decoder of four layers divided in two and laid over four workers that have room for little more than a quarter of it: plans it, decodes
# token by token with each worker keeping its caches, and compares every token with the whole model's.
# usage: bench/split_decoder.sh [--tokens=100]
# Needs build/onnx-venv (bash test.sh makes it). Exit status 1 if a token differs or a cache changes its worker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/target.json" <<'EOF'
{"schema": "allot.target/1", "name": "four-workers",
 "servers": [
  {"name": "s", "switches": ["bus"], "uplink": "bus",
   "devices": [{"name": "w", "count": 4, "kind": "gpu", "memory": "80MB", "flops": {"float32": "1T"}, "memory_bandwidth": "20GB/s",
                "part_cost_us": 10, "op_cost_us": 1, "runtime": {"provider": "cpu", "threads": 1}}],
   "links": [{"from": "w", "to": "bus", "bandwidth": "10GB/s", "latency_us": 5}]}]}
EOF
build/allot make-model decoder-medium "$folder/decoder.onnx"
build/allot "$folder/decoder.onnx" --target="$folder/target.json" --tensor-width=2 --split-state --dim batch=1,tokens=1,past=100 \
  -o "$folder/out" --emit=parts,manifest
build/onnx-venv/bin/python -B bench/split_decoder.py "$@" "$folder/decoder.onnx" "$folder/out/manifest.json"
