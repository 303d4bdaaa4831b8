#!/usr/bin/env bash
# Run in the folder that the plug-in was built in. Argument: where Allot is installed.
set -euo pipefail
allot_solve=$1/bin/allot-solve allot=$1/bin/allot
here=$(dirname "$(realpath "$0")")
problem=$here/problem.json
plugin=--load-plugin=./fastest_device.so

"$allot_solve" $plugin --list-solvers | grep '^fastest-device$' >/dev/null
# The answer holds, and is the same again on more threads.
"$allot_solve" "$problem" $plugin --solver=fastest-device -o solution.json | grep 'fastest-device' >/dev/null
"$allot_solve" "$problem" --verify=solution.json | grep '^OK: latency' >/dev/null
"$allot_solve" "$problem" $plugin --solver='fastest-device{reserve-percent=10}' --threads=4 -o again.json >/dev/null
diff <(grep -v wall_s solution.json) <(grep -v wall_s again.json)
# Without memory there is no answer, which is no error of the solver.
"$allot_solve" "$problem" $plugin --solver='fastest-device{reserve-percent=100}' >none.txt && exit 1
grep 'no solution found' none.txt >/dev/null
"$allot" "$here/../mlp.onnx" $plugin --target=cpu-2gpu --solver=fastest-device | grep ': 5 nodes on cpu-2gpu' >/dev/null
