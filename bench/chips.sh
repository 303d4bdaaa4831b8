#!/usr/bin/env bash
# Tables of what the finders of chips reach, on one cost model; nothing is measured on such hardware.
#   bench/chips.sh finders FOLDER [EVALUATIONS SEEDS TRIES]   finders side by side, transfer, and proposals that the verifier passes
#   bench/chips.sh cpsat FOLDER [SECONDS]                     allot-solve beside OR-tools' CP-SAT, one thread each
#   bench/chips.sh models SCRATCH [WORK [MODEL.onnx,DIM=SIZE ...]]   models over 8, 16 and 36 chips, their parts in ONNX Runtime; without
#                                                                    any those of allot make-model. WORK of the search, 0: as usual
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
  local models=("${@:2}")
  if [ ${#models[@]} -eq 0 ]; then
    mkdir -p "$folder"
    for model in transformer-encoder resnet-50 inception-v3 decoder-small; do
      [ -f "$folder/$model.onnx" ] || "$here/build/allot" make-model "$model" "$folder/$model.onnx" >/dev/null
      models+=("$folder/$model.onnx")
    done
  fi
  "$here/build/onnx-venv/bin/python" -B "$here/bench/chips_models.py" "$here/build/allot" "$folder" "${1:-0}" "${models[@]}"
}

"$what" "$@"
