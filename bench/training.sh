#!/usr/bin/env bash
# Plans that were measured beside the models of costs, and plans for clusters beside bounds and uniform plans, as Markdown
# tables. FOLDER holds Sailor's files: profiles.json, llm_info.json, configs/, validation/.
# usage: bench/training.sh FOLDER [FLAGS of allot-solve for the clusters, such as --cost=own or --work-limit=N]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -lt 1 ] || [ ! -d "$1/configs" ] || [ ! -d "$1/validation" ]; then
  echo "usage: bench/training.sh FOLDER [FLAGS]; FOLDER holds configs/ and validation/" >&2
  exit 1
fi
folder=$1
shift
cmake --preset release >&2
cmake --build build --target allot-solve >&2
exec python3 -B bench/training.py build/allot-solve "$folder" "$@"
