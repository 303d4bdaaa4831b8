#!/usr/bin/env bash
# Training plans of models made in code, as a Markdown table: the iteration beside its bounds, equal ranges and one device.
# usage: bench/training_models.sh [BUILD] [TARGET...]; BUILD is the folder of the programs, build without it
set -euo pipefail
build=$(cd "${1:-$(dirname "$0")/../build}" && pwd)
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(homogeneous-8gpu dual-socket-4gpu cpu-2gpu)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "| model | machine | stages | iteration, ms | bound, ranges | gap % | period, ms | bound | bubbles % | equal ranges | one device |"
echo "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for model in transformer-encoder decoder-medium resnet-50 inception-v3 unet randwire; do
  "$build/allot" make-model "$model" "$scratch/$model.onnx" >/dev/null
  sizes=()
  [[ $model == decoder-* ]] && sizes=(--dim=batch=1,tokens=512,past=0)
  for target in "${targets[@]}"; do
    "$build/allot" "$scratch/$model.onnx" --workload=training --target="$target" --microbatches=32 "${sizes[@]}" --json 2>/dev/null |
      python3 -c '
import json, sys
report = json.load(sys.stdin)
training = report["training"]
times = {line["name"]: line["value_us"] for line in report["baselines"]}
alone = min((value for name, value in times.items() if name.startswith("single:") and value is not None), default=None)
def ms(value): return "-" if value is None else f"{value / 1000:.3f}"
ranges = training["bounds"]["of_ranges"]
iteration, bound = training["iteration_us"], ranges["iteration_us"]
gap = "-" if bound is None else f"{100 * (1 - bound / iteration):.1f}"
bubbles, stages = 100 * training["bubble"], len(training["stages"])
cells = [sys.argv[1], sys.argv[2], stages, ms(iteration), ms(bound), gap, ms(training["period_us"]), ms(ranges["period_us"]),
         f"{bubbles:.1f}", ms(times.get("even")), ms(alone)]
print("|", " | ".join(str(cell) for cell in cells), "|")
' "$model" "$target"
  done
done
