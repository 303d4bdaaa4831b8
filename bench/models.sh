#!/usr/bin/env bash
# Places every model of a folder on every built-in target and prints a Markdown table: value, what one would do by hand (the best
# single device, the best chain of ranges, for throughput whole copies), what was gained over the best of these, bound, gap, parts and
# seconds; then how often that is how much. $FLAGS are further flags of allot. usage: bench/models.sh FOLDER [ALLOT] [OBJECTIVE]
set -euo pipefail
folder=${1:?usage: bench/models.sh FOLDER [ALLOT] [OBJECTIVE]}
allot=${2:-build/allot}
objective=${3:-latency}
targets=(${TARGETS:-cpu-2gpu cpu-gpu soc-npu dual-socket-4gpu homogeneous-8gpu})

gains=$(mktemp)
trap 'rm -f "$gains"' EXIT
echo "| model | target | value ms | best single ms | ranges ms | copies ms | times as fast as the best of these | bound ms | gap % | parts | s |"
echo "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
find "$folder" -name '*.onnx' | sort | while read -r model; do
  for target in "${targets[@]}"; do
    start=$(date +%s.%N)
    if json=$("$allot" "$model" --target="$target" --objective="$objective" ${FLAGS:-} --json --quiet 2>/tmp/allot-bench-error.$$); then
      seconds=$(echo "$(date +%s.%N) - $start" | bc)
      node -e '
        const r = JSON.parse(process.argv[1]), ms = (x) => (typeof x === "number" ? (x / 1000).toFixed(4) : "-");
        const of = (name) => r.baselines.find((each) => each.name === name)?.value_us;
        const hand = [r.best_single_us, of("ranges"), of("copies")].filter((x) => typeof x === "number");
        const gain = hand.length > 0 && r.value_us > 0 ? (Math.min(...hand) / r.value_us).toFixed(3) : "-";
        if (gain !== "-") require("fs").appendFileSync(process.argv[4], `${gain}\n`);
        console.log(`| ${process.argv[2]} | ${r.target} | ${ms(r.value_us)} | ${ms(r.best_single_us)} | ${ms(of("ranges"))} | ${ms(of("copies"))} | ${gain} | ${ms(r.lower_bound_us)} | ${(100 * r.gap).toFixed(1)} | ${r.parts} | ${Number(process.argv[3]).toFixed(2)} |`);
      ' "$json" "${model#"$folder"/}" "$seconds" "$gains"
    else
      echo "| ${model#"$folder"/} | $target | $(head -n 1 /tmp/allot-bench-error.$$ | cut -c1-120 | tr '|' '/') | | | | | | | | |"
    fi
  done
done
rm -f /tmp/allot-bench-error.$$
sort -n "$gains" | awk '{ gain[NR] = $1; product += log($1); if ($1 > 1.005) ++better; if ($1 >= 1.1) ++much; if ($1 < 0.995) ++worse }
  END { if (NR > 0) printf "\n%d plans: faster than all that one would do by hand for %d, by 10 %% or more for %d, slower for %d; median %.3f, geometric mean %.3f times as fast\n",
        NR, better, much, worse, gain[int((NR + 1) / 2)], exp(product / NR) }'
