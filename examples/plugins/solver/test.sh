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

# `auto` uses it, too. Where there is little work to spend its answer is better than what `auto` finds without it.
chains=$here/two_chains.json
"$allot_solve" "$chains" --work-limit=50 -o without.json >/dev/null
"$allot_solve" "$chains" --work-limit=50 $plugin -o with.json >/dev/null
grep '"solver": "fastest-device"' with.json >/dev/null
value() { sed -n 's/^  "objective": \([0-9.]*\),$/\1/p' "$1"; }
awk -v with="$(value with.json)" -v without="$(value without.json)" 'BEGIN { exit !(0 < with && with < without) }'
# It can be left out, and a plug-in that is not loaded changes nothing.
"$allot_solve" "$chains" --work-limit=50 $plugin --solver='auto{skip=fastest-device}' -o skipped.json >/dev/null
diff <(grep -v wall_s without.json) <(grep -v wall_s skipped.json)
