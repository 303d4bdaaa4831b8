#!/usr/bin/env bash
# Divided models compute what they did: small ones of every form, and a decoder token by token on four workers that keep their caches.
# usage: slices_test.sh BUILD PYTHON
set -euo pipefail
build=$1 python=$2
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/models"
"$python" -B "$sources/tests/splitting/make_models.py" "$folder/models"
"$python" -B "$sources/bench/split.py" --build="$build" --ways=columns,rows,pairs,batch,experts,width --parts=2,3 "$folder/models" | tee "$folder/divided"
for parts in 2 3; do
  grep -E "^experts.onnx +experts +$parts +[1-9]" "$folder/divided" >/dev/null || { echo "FAILED: experts are not divided by $parts"; exit 1; }
done

"$build/allot" make-model decoder-small "$folder/decoder.onnx" > "$folder/log"
"$python" -B "$sources/bench/split.py" --build="$build" --ways=width --parts=2 --split-state "$folder/decoder.onnx"
cat > "$folder/target.json" <<'EOF'
{"schema": "allot.target/1", "name": "four-workers",
 "servers": [
  {"name": "s", "switches": ["bus"], "uplink": "bus",
   "devices": [{"name": "w", "count": 4, "kind": "gpu", "memory": "15MB", "flops": {"float32": "100G"}, "memory_bandwidth": "2GB/s",
                "part_cost_us": 10, "op_cost_us": 1, "runtime": {"provider": "cpu", "threads": 1}}],
   "links": [{"from": "w", "to": "bus", "bandwidth": "10GB/s", "latency_us": 5}]}]}
EOF
"$build/allot" "$folder/decoder.onnx" --target="$folder/target.json" --tensor-width=2 --split-state --dim batch=1,tokens=1,past=32 \
  --work=200000 -o "$folder/out" --emit=parts,manifest --quiet
"$python" -B "$sources/bench/split_decoder.py" --tokens=12 "$folder/decoder.onnx" "$folder/out/manifest.json"
