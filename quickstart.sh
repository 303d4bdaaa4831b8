#!/usr/bin/env bash
# Installs what is needed, builds Allot, places GoogLeNet on the built-in machine cpu-2gpu, and runs the parts here.
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
if tools/run/install.sh; then
  if [ -x build/allot-run ]; then
    echo "The parts of build/quickstart/throughput on this machine's CPU, all of them (predicted is the machine cpu-2gpu):"
    echo
    build/allot-run build/quickstart/throughput/manifest.json --on=cpu --samples=20 --check
  fi
else
  echo "running the parts needs Node.js; everything else is in place"
fi

echo
echo "Open build/quickstart/throughput/model.report.html in a browser: the schedule, the graph, and the reason behind"
echo "each node's place; schedule.trace.json in https://ui.perfetto.dev, an .onnx file in https://netron.app."
