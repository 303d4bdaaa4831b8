#!/usr/bin/env bash
# Makes a virtual environment with IREE's importer, compiler and runtime, and ONNX Runtime to compare with. Argument: its
# folder. Does nothing if it is there.
set -euo pipefail
folder=${1:?usage: tests/interop/iree/install.sh FOLDER}
requirements=$(dirname "${BASH_SOURCE[0]}")/requirements.txt
cmp -s "$requirements" "$folder/installed.txt" && exit 0
echo "installing IREE into $folder"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps -r "$requirements"
cp "$requirements" "$folder/installed.txt"
