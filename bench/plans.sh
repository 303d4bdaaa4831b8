#!/usr/bin/env bash
# Plans every model of a folder on targets and prints a Markdown table: what each plan is worth beside the best single device, copies
# and ranges as a person would lay them out (expert.sh), the proved bound, and what planning took; then how many plans are worse than
# these, and the gaps.
# usage: bench/plans.sh [FOLDER] [--targets=A,B] [--objectives=latency,throughput] [--models=REGEX] [--seeds=N] [--works=A,B,...]
#                       [--work-flag=--work] [--csv=FILE] [--jobs=2] [--build=build]
# FOLDER: ../shared/models/shape without it. --targets: names or files; all that are built in without it. --models: of file names;
# those with external weights without it, which need not be there. --seeds=N: also how far seed 1 is above the best of N.
# --works=A,B: also with so much work each, least first, and whether more was ever worse. --csv: writes all figures.
set -euo pipefail
exec node "$(dirname "${BASH_SOURCE[0]}")/plans.mjs" "$@"
