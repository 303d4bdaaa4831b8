#!/usr/bin/env bash
# Makes a virtual environment with the packages, in pinned versions, of a list. Arguments: the list, the folder. Does nothing if
# it is there.
set -euo pipefail
list=${1:?usage: .ci/python_packages.sh LIST FOLDER} folder=${2:?}
cmp -s "$list" "$folder/installed.txt" && exit 0
echo "installing $list into $folder"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps -r "$list"
cp "$list" "$folder/installed.txt"
