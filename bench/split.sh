#!/usr/bin/env bash
# Divides models, runs them whole and in slices by ONNX Runtime, and compares outputs, and the words that move between slices with
# those that were predicted. Prints a line for each model, way and number of parts.
# usage: bench/split.sh [--build=build] [--ways=columns,rows,pairs,batch,experts,width] [--parts=2,3] [--only=REGEX] [--split-state] FOLDER|FILE ...
# Needs build/onnx-venv (bash test.sh makes it) and the target split-model. Exit status 1 if an output differs by more than 1e-5 of its
# largest magnitude, or a number of words from the predicted one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec build/onnx-venv/bin/python -B bench/split.py "$@"
