#!/usr/bin/env bash
# Tables of what the finders of chips reach, on one cost model; nothing is measured on such hardware.
#   bench/chips.sh finders FOLDER [EVALUATIONS SEEDS TRIES]   finders side by side, transfer, and proposals that the verifier passes
#   bench/chips.sh cpsat FOLDER [SECONDS]                     allot-solve beside OR-tools' CP-SAT, one thread each
#   bench/chips.sh models SCRATCH [WORK]                      models of allot make-model over 8, 16 and 36 chips, parts in ONNX Runtime
# FOLDER holds the graphs of msr-fiddle/dnn-partitioning.
set -euo pipefail
what=${1:?usage: bench/chips.sh finders|cpsat|models FOLDER ...} folder=${2:?which folder?}
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
layers=$folder/throughput/LayerGraphs operators=$folder/throughput/OperatorGraphs
instances=("$layers/bert24_inference.json:12" "$layers/gnmt_inference.json:8" "$layers/inceptionv3_inference.json:16"
  "$operators/bert_l-3_inference.json:6" "$folder/latency/LayerGraphs/resnet50_inference.json:16"
  "$operators/resnet50_inference.json:16" "$operators/bert_l-12_inference.json:36")

finders() { "$here/build/chips-study" shipped "${1:-1000}" "${2:-5}" "${3:-10000}" "${instances[@]}"; }

cpsat() {
  "$here/.ci/python_packages.sh" "$here/bench/chips_requirements.txt" "$here/build/chips-venv" >&2
  echo "| instance | bound | allot-solve | its CPU s | CP-SAT | its bound | its s |"
  echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
  for instance in "${instances[@]}"; do
    "$here/build/chips-venv/bin/python" "$here/bench/chips_cpsat.py" "$here/build/allot-solve" "${instance%:*}" "${instance##*:}" "${1:-60}"
  done
}

models() {
  mkdir -p "$folder"
  "$here/build/allot" --print-target --target=mcm-36 >"$folder/mcm-36.json"
  python3 - "$folder" <<'PYTHON'
import json, sys
target = json.load(open(sys.argv[1] + "/mcm-36.json"))
target["name"] = "mcm-16"
target["devices"] = target["devices"][:16]
names = {device["name"] for device in target["devices"]}
target["topology"]["links"] = [link for link in target["topology"]["links"] if {link["from"], link["to"]} <= names]
json.dump(target, open(sys.argv[1] + "/mcm-16.json", "w"))
PYTHON
  echo "| model | chips | used | period ms | slice DP ms | bound ms | gap % | found by | CPU s | parts = model |"
  echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |"
  for model in transformer-encoder resnet-50 inception-v3 decoder-small; do
    [ -f "$folder/$model.onnx" ] || "$here/build/allot" make-model "$model" "$folder/$model.onnx" >/dev/null
    for target in mcm-8 "$folder/mcm-16.json" mcm-36; do
      out=$folder/$model-$(basename "$target" .json)
      TIMEFORMAT=%U
      seconds=$({ time "$here/build/allot" "$folder/$model.onnx" --target="$target" --objective=throughput --work="${1:-500000}" --json \
        --force -o "$out" 2>/dev/null >"$folder/result.json"; } 2>&1)
      same=$(cd "$here/tests/e2e" && "$here/build/onnx-venv/bin/python" -B -c '
import pathlib, sys
from run_parts import check_folder
print(check_folder(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), {}) or "bitwise")' "$(realpath "$folder/$model.onnx")" "$(realpath "$out")" 2>&1 | tail -1)
      python3 - "$folder/result.json" "$model" "$seconds" "$same" <<'PYTHON'
import json, sys
found, (model, seconds, same) = json.load(open(sys.argv[1])), sys.argv[2:]
value, bound = found["value_us"] / 1e3, found["lower_bound_us"] / 1e3
slices = next(one["value_us"] for one in found["baselines"] if one["name"] == "slice-dp") / 1e3
used = sum(1 for device in found["devices"] if device["parts"])
print(f"| {model} | {len(found['devices'])} | {used} | {value:.4f} | {slices:.4f} | {bound:.4f} | {100 * (value - bound) / value:.2f} | "
      f"{found['solver']} | {float(seconds):.1f} | {same} |", flush=True)
PYTHON
    done
  done
}

"$what" "$@"
