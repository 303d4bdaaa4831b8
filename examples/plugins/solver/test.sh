#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot_solve=$1/bin/allot-solve allot=$1/bin/allot
here=$(dirname "$(realpath "$0")")
problem=$here/../../problems/pipeline.problem.json
plugin=--load-plugin=./fastest_device.so

"$allot_solve" $plugin --list-solvers | grep -q '^fastest-device$'
# The answer holds, and is the same again and on more threads.
"$allot_solve" "$problem" $plugin --solver=fastest-device -o solution.json | grep -q 'fastest-device'
"$allot_solve" "$problem" --verify=solution.json | grep -q '^OK: latency'
"$allot_solve" "$problem" $plugin --solver='fastest-device{whole-memory=true}' --threads=4 -o again.json >/dev/null
diff <(grep -v wall_s solution.json) <(grep -v wall_s again.json)
"$allot" "$here/../mlp.onnx" $plugin --solver=fastest-device | grep -q ': 5 nodes on cpu-2gpu'
