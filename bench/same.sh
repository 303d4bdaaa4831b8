#!/usr/bin/env bash
# Compares two builds: runs both over every model and every placement problem of a folder, and compares every byte of what they print
# and write. Prints a line for each difference, then how many runs there were, the median of the ratios NEW / OLD of processor time
# (paired: one run of each after the other) and the largest memory of both.
# usage: bench/same.sh OLD NEW FOLDER [--targets=A,B] [--objectives=latency,throughput] [--only=REGEX] [--work=N]
# OLD, NEW: build folders, as build. FOLDER: searched for *.onnx, and for *.json that allot-solve reads. --targets: names or files; all
# built-in ones without it. --only: of paths in FOLDER. --work: of every search; their defaults without it. Weights that are not
# there are not needed: such models are planned and printed, not written. Exit status 1 if anything differs.
set -euo pipefail
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/same.py" "$@"
