#!/usr/bin/env bash
# What plans are worth when they run: tunes models for two workers of one core each and prints Markdown tables. Measured turn by
# turn are all that one would do without splitting (one worker, one session on both cores, two whole copies at the same time) and the
# best split; once with copies allowed, once without. Then it streams samples through what was kept and compares every output.
# usage: bench/real.sh [--objective=latency|throughput] [--replicas=yes|no] [--samples=N] [--target=NAME] [--out=DIR] [MODEL.onnx ...]   (no model: those of build/allot-make-model)
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x build/allot ] || [ ! -x build/allot-make-model ]; then
  bash .ci/install.sh build
  cmake --preset release -DALLOT_TESTS=OFF >/dev/null
  cmake --build build --target allot allot-make-model
fi
bash python/install_runtime.sh >&2
exec python3 bench/real.py "$@"
