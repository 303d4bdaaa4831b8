#!/usr/bin/env bash
# Places the measured BERT profile of Piper by the cost of PHAZE's placement program on 8 to 2048 devices, and prints a Markdown table:
# batch seconds, plan, processor seconds. With --reference=PROGRAM that program (device_placement of msr-fiddle/phaze, compiled with
# -O3) is run on the same layers, and its value and processor seconds stand beside ours.
# usage: bench/pipelines.sh PROFILE.json [--build=build] [--reference=PROGRAM] [--most=2048]
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
profile='' build=$here/../build reference='' most=2048
usage="usage: bench/pipelines.sh PROFILE.json [--build=build] [--reference=PROGRAM] [--most=2048]"
for argument in "$@"; do
  case $argument in
    --build=*) build=${argument#*=} ;;
    --reference=*) reference=${argument#*=} ;;
    --most=*) most=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; $usage" >&2; exit 1 ;;
    *) profile=$argument ;;
  esac
done
[ -f "$profile" ] || { echo "error: '$profile': no such file; $usage" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "| devices | recompute | memory | value s | proved | tensor, copies, stages | CPU s | published program s | its CPU s |"
echo "| ---: | --- | --- | ---: | --- | --- | ---: | ---: | ---: |"
for memory in 80GB 8GB 2GB; do
  for recompute in 0 1; do
    for devices in 8 64 512 1024 2048; do
      [ "$devices" -le "$most" ] || continue
      flags=(--as=pipelines --devices=$devices --memory=$memory --recompute=$recompute)
      ours=$( { TIMEFORMAT=%U; time "$build/allot-solve" "$profile" "${flags[@]}" --json > "$folder/ours.json"; } 2>&1 ) || exit 1
      theirs=''
      if [ -n "$reference" ]; then
        "$build/allot-solve" "$profile" "${flags[@]}" --print-problem > "$folder/problem.json" || exit 1
        python3 "$here/pipelines_input.py" "$folder/problem.json" > "$folder/input.json" || exit 1
        theirs=$( { TIMEFORMAT=%U; time "$reference" "$folder/input.json" "$folder/theirs.json" > "$folder/log" 2>&1; } 2>&1 )
      fi
      python3 "$here/pipelines_row.py" "$folder" $devices $recompute $memory "$ours" "$theirs"
    done
  done
done
