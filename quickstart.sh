#!/usr/bin/env bash
# Installs what is needed, builds Allot, places GoogLeNet on a built-in machine, runs the parts here, and ends with what this machine
# gains: a plan for two of its cores, measured beside what one would do without it.
set -euo pipefail
cd "$(dirname "$0")"

bash .ci/install.sh build
echo "building (a few minutes the first time)"
cmake --preset release -DALLOT_TESTS=OFF >/dev/null
cmake --build build --target allot allot-opt allot-solve allot-make-model

out=build/quickstart
mkdir -p "$out"
build/allot make-model googlenet "$out/googlenet.onnx"
echo
echo "1. A plan for a machine that need not be here: a CPU and two GPUs, a steady stream. All times are predicted."
echo
build/allot "$out/googlenet.onnx" --target=cpu-2gpu --objective=throughput -o "$out/throughput"
echo
echo "What was written:"
ls -1 "$out/throughput" | sed "s|^|  $out/throughput/|"
echo "Open model.report.html in a browser: the schedule, the graph, and the reason behind each node's place."

echo
if ! python/install_runtime.sh; then
  echo "running the parts and measuring needs Python with ONNX Runtime; everything else is in place"
elif [ -x build/allot-run ]; then
  echo "2. The parts run. All of them on this machine's CPU, to see that they compute what the model does:"
  build/allot-run "$out/throughput/manifest.json" --on=cpu --samples=5 --check | tail -n 1
  echo
  if [ "$(nproc)" -lt 2 ]; then
    echo "3. This machine has one core, so there is nothing to gain by placing: what is above are predictions for another machine."
  else
    echo "3. What this machine gains: MobileNet-v2 on two of its cores, planned with times measured here, run turn by turn with what one"
    echo "would do without a plan (about a minute). Where whole copies of the model win, they are the plan. Unlike this, step 1 is a"
    echo "prediction, as every plan for a machine is until it has run there."
    echo
    build/allot make-model mobilenet-v2 "$out/mobilenet-v2.onnx" >/dev/null
    build/allot-tune "$out/mobilenet-v2.onnx" --target=host:cpus=1+1 --objective=throughput --seconds=1 --rounds=2 \
      -o "$out/tuned" | sed -n '/^  side by side/,/^splitting/p'
  fi
fi
