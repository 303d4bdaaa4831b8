#!/usr/bin/env bash
# Places every model of a folder on two cores of this machine and runs the parts, all samples compared with the whole model.
# usage: bench/run_models.sh FOLDER... [--samples=100] [--build=build] [--objective=throughput]
# Prints a line for each model: equal, differs, or not run, with what the program says. A model that ONNX Runtime does not run as a whole is
# counted apart. Exit status 1 if outputs differ or parts do not run where the whole model does.
set -uo pipefail
samples=100 build=$(dirname "${BASH_SOURCE[0]}")/../build objective=throughput folders=()
usage='usage: bench/run_models.sh FOLDER... [--samples=100] [--build=build] [--objective=throughput]'
for argument in "$@"; do
  case $argument in
    --samples=*) samples=${argument#*=} ;;
    --build=*) build=${argument#*=} ;;
    --objective=*) objective=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; $usage" >&2; exit 1 ;;
    *) folders+=("$argument") ;;
  esac
done
[ ${#folders[@]} -gt 0 ] || { echo "error: $usage" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

equal=0 wrong=0 whole=0
for model in $(find "${folders[@]}" -name '*.onnx' | sort); do
  out=$scratch/out said=$scratch/said
  rm -rf "$out"
  if ! "$build/allot" "$model" --target=host:cpus=1+1 --objective="$objective" -o "$out" >"$said" 2>&1; then
    echo "$model: NOT PLACED: $(grep -m 1 '^error' "$said")"
    wrong=$((wrong + 1))
  elif "$build/allot" run "$out/manifest.json" --samples="$samples" --check --json >"$said" 2>"$said.errors"; then
    echo "$model: equal, $(grep -c '"file": "' "$out/manifest.json") parts"
    equal=$((equal + 1))
  elif ! "$build/allot" run "$out/manifest.json" --whole="$(grep -m 1 -o '"id": "cpu[^"]*"' "$out/manifest.json" | cut -d'"' -f4)" --samples="$samples" \
      --warmup=0 >/dev/null 2>"$said.whole"; then
    echo "$model: ONNX Runtime does not run it: $(grep -m 1 'error' "$said.whole" | cut -c1-200)"
    whole=$((whole + 1))
  else
    echo "$model: WRONG: $(grep -m 1 'error' "$said.errors" | cut -c1-300)"
    wrong=$((wrong + 1))
  fi
done
echo "$equal equal, $wrong wrong, $whole that ONNX Runtime does not run"
[ "$wrong" -eq 0 ]
