#!/usr/bin/env bash
# Feeds broken inputs to everything that reads any: builds the fuzz targets of tests/fuzz with Clang (14 or newer), with
# AddressSanitizer and UndefinedBehaviorSanitizer, and runs each from tests/fuzz/corpus and from what earlier runs have found.
# usage: bench/fuzz.sh SECONDS [TARGET...] [--jobs=2]
# SECONDS: of each target; TARGET: onnx, mlir, ... (default: all). Prints a line for each target. An input that breaks one is made
# small and left in build-fuzz/findings/TARGET; once mended, it goes into the corpus. Exit status 1 if there is any.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
usage='usage: bench/fuzz.sh SECONDS [TARGET...] [--jobs=2]'
seconds='' jobs=2 targets=()
for argument in "$@"; do
  case $argument in
    --jobs=*) jobs=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; $usage" >&2; exit 1 ;;
    *) if [ -z "$seconds" ]; then seconds=$argument; else targets+=("$argument"); fi ;;
  esac
done
[[ $seconds =~ ^[1-9][0-9]*$ && $jobs =~ ^[1-9][0-9]*$ ]] || { echo "error: $usage" >&2; exit 1; }
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd tests/fuzz/corpus && ls)
for target in "${targets[@]}"; do
  [ -d "tests/fuzz/corpus/$target" ] || { echo "error: there is no target '$target'; there are" $(ls tests/fuzz/corpus) >&2; exit 1; }
done
command -v clang++ >/dev/null || { echo "error: clang++ is missing: apt-get install clang" >&2; exit 1; }

mkdir -p build-fuzz
log=build-fuzz/build.log
{ cmake --preset fuzz && cmake --build --preset fuzz; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; echo "error: the fuzz targets do not build: see $log" >&2; exit 1; }

# Each input in a fraction of a second, and in little memory: what needs more is a finding.
limits=(-timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512)
export ASAN_OPTIONS=malloc_context_size=6 UBSAN_OPTIONS=print_stacktrace=1  # most of the time goes into stacks

# fuzz TARGET: prints its line; fails if something was found.
fuzz() {
  local target=$1 program=build-fuzz/fuzz-$1 grown=build-fuzz/corpus/$1 findings=build-fuzz/findings/$1 log=build-fuzz/fuzz-$1.log
  mkdir -p "$grown" "$findings"
  rm -f "$findings"/*
  "$program" "$grown" "tests/fuzz/corpus/$target" -max_total_time="$seconds" -max_len=32768 -len_control=20 "${limits[@]}" \
    -artifact_prefix="$findings/" -print_final_stats=1 >"$log" 2>&1
  local status=$? runs features
  runs=$(grep -a '^stat::number_of_executed_units' "$log" | awk '{ print $2 }')
  features=$(grep -ao ' ft: [0-9]*' "$log" | tail -n 1 | awk '{ print $2 }')
  local found
  found=$(ls "$findings" | head -n 1)
  if [ $status -eq 0 ] && [ -z "$found" ]; then
    echo "$target: ${runs:-0} executions, ${features:-0} features, $(ls "$grown" | wc -l) inputs kept, nothing found"
    return 0
  fi
  if [ -z "$found" ]; then
    echo "$target: does not run: see $log"
    return 1
  fi
  if [[ $found == crash-* || $found == leak-* ]]; then
    "$program" "$findings/$found" -minimize_crash=1 -max_total_time=30 "${limits[@]}" -exact_artifact_path="$findings/small" \
      >"$log.small" 2>&1
  fi
  [ -s "$findings/small" ] || cp "$findings/$found" "$findings/small"
  echo "$target: FOUND $findings/small ($(stat -c %s "$findings/small") bytes) after ${runs:-?} executions:" \
    "$(grep -aE 'broken:|ERROR:|runtime error:|SUMMARY:' "$log" | head -n 1); see $log"
  return 1
}

status=0 running=0
for target in "${targets[@]}"; do
  fuzz "$target" &
  running=$((running + 1))
  if [ $running -ge "$jobs" ]; then wait -n || status=1; running=$((running - 1)); fi
done
while [ $running -gt 0 ]; do wait -n || status=1; running=$((running - 1)); done
exit $status
