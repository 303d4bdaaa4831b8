#!/usr/bin/env bash
# Installs what is needed, builds Allot, and places GoogLeNet on the built-in machine cpu-2gpu.
set -euo pipefail
cd "$(dirname "$0")"

bash .ci/install.sh build
echo "building (a few minutes the first time)"
cmake --preset release -DALLOT_TESTS=OFF >/dev/null
cmake --build build --target allot allot-opt allot-solve make-model

model=build/quickstart/googlenet.onnx
mkdir -p build/quickstart
build/make-model googlenet "$model"
echo
build/allot "$model" --target=cpu-2gpu --objective=latency -o build/quickstart/latency
echo
build/allot "$model" --target=cpu-2gpu --objective=throughput -o build/quickstart/throughput
echo
echo "What is where:"
for folder in build/quickstart/latency build/quickstart/throughput; do
  ls -1 "$folder" | sed "s|^|  $folder/|"
done
echo
echo "Open schedule.trace.json in https://ui.perfetto.dev, an .onnx file in https://netron.app,"
echo "and read plan.json for the reason behind each node's place."
