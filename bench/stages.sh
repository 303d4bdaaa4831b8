#!/usr/bin/env bash
# Plans the published training graphs of PipeDream and Piper as pipelines of stages, and prints Markdown tables: value, bound and
# processor seconds beside the published value, or beside Piper's programme as the tests write it down, where that is not too slow.
# usage: bench/stages.sh FOLDER [--build=build] [--reference=64]
# FOLDER has pipedream/*.txt and piper/*.json; what is not there is left out. The reference is asked for up to so many devices.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder='' build=$here/../build reference=64
for argument in "$@"; do
  case $argument in
    --build=*) build=${argument#*=} ;;
    --reference=*) reference=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; usage: bench/stages.sh FOLDER [--build=build] [--reference=64]" >&2; exit 1 ;;
    *) folder=$argument ;;
  esac
done
[ -d "$folder" ] || { echo "error: '$folder': no such folder; usage: bench/stages.sh FOLDER" >&2; exit 1; }
export build
result=$(mktemp)
trap 'rm -f "$result"' EXIT
failures=0

# published NAME DEVICES: what PipeDream's planner finds for all devices at 1 GB/s, in seconds.
published() {
  case $1-$2 in
    alexnet-4) echo 0.023165752 ;; alexnet-8) echo 0.01162 ;; alexnet-16) echo 0.007324568 ;;
    vgg16-4) echo 0.175732624 ;; vgg16-8) echo 0.09351323 ;; vgg16-16) echo 0.04738646 ;;
    resnet50-4) echo 0.111497 ;; resnet50-8) echo 0.056315324 ;;
  esac
}

# row LABEL OTHER COMMAND...: a line of a table.
row() {
  local label=$1 other=$2; shift 2
  local seconds
  seconds=$( { TIMEFORMAT=%U; time "$@" --json > "$result" 2>/dev/null; } 2>&1 )
  python3 - "$label" "$other" "$seconds" "$result" <<'PY' || failures=$((failures + 1))
import json, sys
label, other, seconds, path = sys.argv[1:]
try:
    result = json.load(open(path))
except ValueError:
    print(f"| {label} | {other} | failed | | | | {seconds} |")
    sys.exit(1)
def number(value):
    return "" if value is None else f"{value:.10g}"
value, bound = result["objective"], result["bound"]
gap = "" if result["gap"] is None else f"{100 * result['gap']:.2f} %"
proved = "infeasible, proved" if result["status"] == "infeasible" else "yes" if result["proved_optimal"] else result["status"] if value is None else "no"
print(f"| {label} | {other} | {number(value)} | {number(bound)} | {gap} | {proved} | {seconds} |")
worse = value is not None and other not in ("", "nothing fits") and value > float(other) * (1 + 1e-9)
sys.exit(1 if worse or (value is None) != (result["status"] == "infeasible") else 0)
PY
}

if [ -d "$folder/pipedream" ]; then
  echo "## PipeDream, 1 GB/s (seconds for a minibatch)"; echo
  echo "| instance, devices | published | value | bound | gap | proved | CPU s |"
  echo "| --- | ---: | ---: | ---: | ---: | --- | ---: |"
  for file in "$folder"/pipedream/*.txt; do
    name=$(basename "$file" .txt)
    for devices in 4 8 16; do
      row "$name, $devices" "$(published "$name" $devices)" "$build/allot-solve" "$file" --devices=$devices --bandwidth=1GB/s
    done
  done
  echo
fi

# piper NAME BANDWIDTH DEVICES MEMORY
piper() {
  local flags=("$folder/piper/$1.json" --devices="$3" --memory="$4" --bandwidth="$2") other=''
  if [ "$3" -le "$reference" ] && [ -x "$build/stages-reference" ]; then
    other=$("$build/stages-reference" "${flags[@]}") || failures=$((failures + 1))
  fi
  row "$1, $3 of $4" "$other" "$build/allot-solve" "${flags[@]}"
}

if [ -d "$folder/piper" ]; then
  echo "## Piper, 25 GiB/s (seconds for a sample; for resnet in the units of its file)"; echo
  echo "| instance, devices and memory | programme | value | bound | gap | proved | CPU s |"
  echo "| --- | ---: | ---: | ---: | ---: | --- | ---: |"
  if [ -f "$folder/piper/bert32a100.json" ]; then
    for memory in 1GiB 2GiB 8GiB 80GiB; do
      for devices in 8 32 64 128 512 1024 2048; do piper bert32a100 25GiB/s $devices $memory; done
    done
  fi
  if [ -f "$folder/piper/gnmt.json" ]; then
    for setting in 2:2.5 2:3.5 4:1.2 4:2.5 8:0.6 8:1.2 8:2.4 16:0.3 16:0.6 16:1.2 32:0.3 32:0.8 64:0.3; do
      piper gnmt 25GiB/s "${setting%:*}" "${setting#*:}GiB"
    done
  fi
  if [ -f "$folder/piper/resnet.json" ]; then
    for devices in 8 16 32 64 128; do
      for memory in 1GiB 2GiB 4GiB 8GiB 16GiB; do piper resnet 25GiB/s $devices $memory; done
    done
  fi
fi
[ "$failures" -eq 0 ] || { echo "error: $failures of them are worse than what is known, or found nothing" >&2; exit 1; }
