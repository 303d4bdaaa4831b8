#!/usr/bin/env bash
# The planner inside mlir-opt against `allot`: plans node by node, and time.
#
# usage: bench/mlir_plugin.sh MODEL.onnx|FOLDER... [--runs=N] [--iree-import=PROGRAM --iree-opt=PROGRAM]
#
# Prints a line for each model: nodes, nodes on other devices than `allot` puts them (in our own form and, if IREE's
# importer is given, in its text), the best seconds of `allot` and of mlir-opt, and their ratio; those of mlir-opt without the
# plug-in, which only reads and prints; and those of the pass by itself. Then all together. Exit status 1 if any node differs.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
exec python3 -B "$here/bench/mlir_plugin.py" --build="${ALLOT_BUILD:-$here/build}" "$@"
