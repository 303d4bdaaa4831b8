#!/usr/bin/env bash
# Places every model of a folder on every built-in target and prints a Markdown table: value, best single device, bound, gap,
# parts and seconds. usage: bench/models.sh FOLDER [ALLOT] [OBJECTIVE]
set -euo pipefail
folder=${1:?usage: bench/models.sh FOLDER [ALLOT] [OBJECTIVE]}
allot=${2:-build/allot}
objective=${3:-latency}
targets=(${TARGETS:-cpu-2gpu cpu-gpu soc-npu dual-socket-4gpu homogeneous-8gpu})

echo "| model | target | value ms | best single ms | bound ms | gap % | parts | s |"
echo "|---|---|---:|---:|---:|---:|---:|---:|"
find "$folder" -name '*.onnx' | sort | while read -r model; do
  for target in "${targets[@]}"; do
    start=$(date +%s.%N)
    if json=$("$allot" "$model" --target="$target" --objective="$objective" --json --quiet 2>/tmp/allot-bench-error.$$); then
      seconds=$(echo "$(date +%s.%N) - $start" | bc)
      node -e '
        const r = JSON.parse(process.argv[1]), ms = (x) => (x === null ? "-" : (x / 1000).toFixed(4));
        console.log(`| ${process.argv[2]} | ${r.target} | ${ms(r.value_us)} | ${ms(r.best_single_us)} | ${ms(r.lower_bound_us)} | ${(100 * r.gap).toFixed(1)} | ${r.parts} | ${Number(process.argv[3]).toFixed(2)} |`);
      ' "$json" "${model#"$folder"/}" "$seconds"
    else
      echo "| ${model#"$folder"/} | $target | $(head -n 1 /tmp/allot-bench-error.$$ | cut -c1-120 | tr '|' '/') | | | | | |"
    fi
  done
done
rm -f /tmp/allot-bench-error.$$
