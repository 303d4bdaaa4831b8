#!/usr/bin/env bash
# The Python package on the library of a build folder: tests, types, examples of docs/python.md. Argument: the build folder.
# Status 77: there is nothing to test with.
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")"
root=$(realpath ../..)
venv=$build/python-venv
if ! "$root/.ci/python_packages.sh" "$(realpath requirements.txt)" "$venv" >"$build/python-venv.log" 2>&1; then
  tail -n 3 "$build/python-venv.log"
  echo "skipped: no virtual environment with the packages of tests/python/requirements.txt can be made"
  exit 77
fi
export ALLOT_LIBRARY=$build/python/allot/lib/liballot.so PYTHONPATH=$root/python:$PWD PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" -m unittest discover
"$venv/bin/python" "$root/examples/python/place.py"
cd "$root"
"$venv/bin/mypy" --cache-dir="$build/mypy" python/allot examples/python
