#!/usr/bin/env bash
# Searches the published space of accelerators for a decoder and an encoder, and prints what is found beside what the published stop
# rule finds; then compares the schedules of their blocks, and of one of ResNet-50's, with an integer programme solved by HiGHS.
# usage: bench/design.sh FOLDER [--build=build] [--seconds=60] [--threads=2]
# FOLDER is made; it gets the models and an environment with SciPy. Needs the environment build/onnx-venv with onnx.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage="usage: bench/design.sh FOLDER [--build=build] [--seconds=60] [--threads=2]"
folder='' build=$here/../build seconds=60 threads=2
for argument in "$@"; do
  case $argument in
    --build=*) build=${argument#*=} ;;
    --seconds=*) seconds=${argument#*=} ;;
    --threads=*) threads=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; $usage" >&2; exit 1 ;;
    *) folder=$argument ;;
  esac
done
[ -n "$folder" ] || { echo "error: no folder given; $usage" >&2; exit 1; }
set -e
mkdir -p "$folder"
"$here/../.ci/python_packages.sh" "$here/design_requirements.txt" "$folder/venv" >&2
"$build/onnx-venv/bin/python" "$here/design_models.py" "$folder" >&2
"$build/allot" make-model decoder-7b "$folder/decoder-7b.onnx" >&2
"$build/allot" make-model resnet-50 "$folder/resnet-50.onnx" >&2
sizes=(batch=1 tokens=4096 past=1 total=4097)
plans=(--mbs=1,2,4,8,16,32 --hbm=32,64,80 --tp=1,2,4,8 --threads="$threads" --stop-rule=published)
time "$build/allot" design "$folder/decoder-7b.onnx" "${sizes[@]/#/--dim=}" "${plans[@]}"
time "$build/allot" design "$folder/bert-large.onnx" "${plans[@]}"
echo
echo "| block, cores | tasks | one by one | bound | lists | exact | HiGHS | lists ms | exact ms | HiGHS s |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
"$build/block-schedules" "$folder/decoder-7b.onnx" "${sizes[@]}" > "$folder/Llama.json"
"$build/block-schedules" "$folder/bert-large.onnx" > "$folder/BERT.json"
"$build/block-schedules" "$folder/resnet-50.onnx" > "$folder/ResNet.json"
for name in Llama BERT ResNet; do
  "$folder/venv/bin/python" "$here/block_schedules.py" $name "$folder/$name.json" "$seconds"
done
