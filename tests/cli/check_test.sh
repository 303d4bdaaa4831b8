#!/usr/bin/env bash
# allot explain, diff and check: golden files of plans. Arguments: allot, make-e2e-models, a scratch folder.
set -uo pipefail
allot=$1 make_models=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch/models" "$scratch/golden"
"$make_models" "$scratch/models" || exit 1
cd "$scratch"
model=models/branches.onnx
passed=0 failed=0

# holds WHAT COMMAND...: the command succeeds.
holds() {
  local what=$1; shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $what: $(cat stdout stderr 2>/dev/null)"; fi
}
# exits STATUS ARGUMENTS...: of allot, whose output goes to the files stdout and stderr.
exits() {
  local expected=$1; shift
  "$allot" "$@" >stdout 2>stderr </dev/null
  [ $? -eq "$expected" ]
}
# refuses PATTERN ARGUMENTS...: one error that matches, and nothing on standard output.
refuses() {
  local pattern=$1; shift
  exits 1 "$@" && [ ! -s stdout ] && [ "$(grep -c '^error: ' stderr)" -eq 1 ] && grep -qE "$pattern" stderr
}
lines() { # FROM TO: how many standard output has
  local count; count=$(wc -l <stdout)
  [ "$count" -ge "$1" ] && [ "$count" -le "$2" ]
}
columns() { [ "$(awk '{ if (length > most) most = length } END { print most + 0 }' stdout)" -le 100 ]; }

# A target file whose rules can change, beside the golden file.
"$allot" --print-target --target=cpu-2gpu >golden/machine.json
holds "a golden file is made" exits 0 check $model --golden=golden/plan.json --target=golden/machine.json --dim=N=2 --rebase
holds "... quietly" test ! -s stdout
holds "it names nothing absolute" sh -c "! grep -qE '\"/|$scratch' golden/plan.json"
holds "an unchanged plan" exits 0 check $model --golden=golden/plan.json
holds "... says nothing" test ! -s stdout
cp -r golden moved
holds "a golden file that has moved with its target" exits 0 check $model --golden=moved/plan.json
(cd golden && "$allot" check ../$model --golden=plan.json) >stdout 2>stderr
holds "seen from its own folder" test $? -eq 0
holds "a folder that holds it" exits 0 check $model --golden=moved
sed 's/"version": "[^"]*"/"version": "0.0.0-other"/' golden/plan.json >other_version.json
cp golden/machine.json .
holds "another version alone is no difference" exits 0 check $model --golden=other_version.json

# Rules of the command line that are no pins.
holds "nodes kept together" exits 0 check $model --golden=together.json --target=machine.json --together='.*' --rebase
holds "... are so again" exits 0 check $model --golden=together.json
holds "... as it says" grep -q '"together": ' together.json
holds "at most so many parts" exits 0 $model --target=machine.json --max-parts=1
holds "... of latency" grep -qE ' between 1 parts$' stdout
holds "a limit of streams" refuses "error: --latency-limit is of a stream: add --objective=throughput" $model --latency-limit=1ms

# A plan that is handed in.
holds "a plan to start from" exits 0 $model --target=machine.json -o before --emit=plan
holds "... is taken up" exits 0 $model --target=machine.json --start=before --work=1 -o after --emit=plan
holds "... and is what there was" exits 0 diff before after --json
holds "... as it says" grep -q '"start": ' after/plan.json
holds "... and found again when that is checked" exits 0 check $model --golden=after/plan.json
holds "moving at a price" exits 0 $model --target=machine.json --start=before/plan.json --migration-cost=2.5
holds "a price without a start" refuses "error: --migration-cost needs the plan that is there: --start=DIR" \
  $model --migration-cost=5
holds "a start that is none" refuses "error: --start: models: has no plan.json" $model --start=models
holds "a start that is missing" refuses "error: --start: nowhere: there is no such file" $model --start=nowhere

# What came through a pipe.
holds "a target from a pipe" exits 0 $model --target=<("$allot" --print-target --target=cpu-2gpu) --costs=<(printf 'node,device,time_us\nx,cpu0,1\n') -o piped --emit=plan
holds "... is recorded by what was in it" grep -qE '"target": null' piped/plan.json
holds "... costs too" grep -qE '"file": null' piped/plan.json
holds "... and by nobody's number" sh -c "! grep -qE '/(fd|pipe)' piped/plan.json"
holds "... so it must be given again" refuses "piped/plan.json: was planned with --costs from a pipe.*say --costs=FILE" check $model --golden=piped/plan.json
printf 'node,device,time_us\nx,cpu0,1\n' >piped.csv
holds "... all of it" refuses "piped/plan.json: was planned with --target from a pipe.*say --target=FILE" check $model --golden=piped/plan.json --costs=piped.csv
holds "... and is the same" exits 0 check $model --golden=piped/plan.json --costs=piped.csv --target=cpu-2gpu
holds "a module of chips from a pipe" exits 0 $model --target=<("$allot" --print-target --target=mcm-8) --objective=throughput --work=20000 -o piped_module --emit=plan
holds "... is placed by its rules" grep -q '"solver": "chips:' piped_module/plan.json
sed 's|"target": null|"target": "../../../dev/fd"|' piped/plan.json >fd.json
holds "no file for a target" refuses "fd.json: was planned with --target=.*which is (no file|not there).*say --target=FILE" check $model --golden=fd.json --costs=piped.csv

node=$(grep -m1 '"name": ' <(sed -n '/"nodes"/,$p' golden/plan.json) | sed 's/.*: "\(.*\)",/\1/')
device=$(sed -n '/"nodes"/,$p' golden/plan.json | grep -m1 '"device"' | sed 's/.*: "\(.*\)",/\1/')
other=$([ "$device" = cpu0 ] && echo gpu0 || echo cpu0)
holds "a node that moves" exits 1 check $model --golden=golden/plan.json --pin="$node=$other"
holds "... in less than ten lines" lines 3 9
holds "... of 100 columns" columns
holds "... by name" grep -q "moved .*$device.* -> $other.*'$node'" stdout
holds "... and why" grep -q "pinned by --pin '$node=$other'" stdout
holds "... what it was asked" grep -qE "^  --pin +none -> $node=$other" stdout
holds "... what it costs" grep -qE "^  latency .* -> .*%" stdout
cp golden/plan.json before.json
holds "rebase" exits 0 check $model --golden=golden/plan.json --pin="$node=$other" --rebase
holds "... replaces the file" sh -c '! cmp -s golden/plan.json before.json'
holds "... and keeps what was asked" exits 0 check $model --golden=golden/plan.json
holds "no scratch files stay" test "$(ls golden | tr '\n' ' ')" = "machine.json plan.json "

holds "diff of two files" exits 1 diff before.json golden/plan.json
holds "... prints it" lines 3 9
holds "diff of equal files" exits 0 diff before.json before.json
holds "... prints nothing" test ! -s stdout
holds "diff as JSON" exits 1 diff before.json golden/plan.json --json
holds "... names the node" grep -q "\"name\": \"$node\"" stdout
"$allot" $model --target=cpu-gpu -o out --quiet >stdout 2>stderr
holds "diff of a folder with another target" exits 1 diff out before.json
holds "... says so" grep -qE '^  target +cpu-gpu -> cpu-2gpu' stdout
other_model=$(ls models/*.onnx | grep -v branches | head -1)
"$allot" "$other_model" -o out2 --quiet >stdout 2>stderr
holds "diff of another model" exits 1 diff out out2
holds "... says so" grep -qE '^  model +branches.onnx -> ' stdout

"$allot" $model --target=cpu-2gpu --pin="$node=gpu0" --pin='.*=cpu0' -o cut --quiet >stdout 2>stderr
holds "explain a plan" exits 0 explain cut
holds "... within 100 columns" columns
holds "... and its cuts" grep -qE 'cross(es)? between devices' stdout
holds "... by cause" grep -qE '^  gpu0 p0 -> cpu0 p[0-9]+ .* pin ' stdout
holds "explain a node" exits 0 explain golden/plan.json "$node"
holds "... its device" grep -q "'$node' (.*) is on $other" stdout
holds "... and why" grep -q "why .*pinned by --pin" stdout
holds "explain as JSON" exits 0 explain golden "$node" --json
holds "... the same" grep -q "\"device\": \"$other\"" stdout

holds "no golden file" refuses "no golden file given" check $model
holds "no model" refuses "no model given" check --golden=golden/plan.json
holds "a golden file that is missing" refuses "nothing.json: there is no such file; allot MODEL -o DIR writes" check $model --golden=nothing.json
holds "no plan" refuses "machine.json: is no plan.json" check $model --golden=golden/machine.json
mkdir empty
holds "a folder without a plan" refuses "empty: has no plan.json" explain empty
holds "an unknown node" refuses "has no node '${node}x'.*did you mean '$node'" explain golden "${node}x"
holds "half a file" sh -c "head -c 400 golden/plan.json >half.json"
holds "... is refused" refuses "half.json: is no plan.json: " diff half.json golden/plan.json
sed 's/"device": "[^"]*"/"device": 7/' golden/plan.json >wrong.json
holds "a wrong member" refuses "wrong.json: .*device: expected a string, not number" diff wrong.json golden/plan.json
# Damage that reads well: the error is the golden file's, unless a flag replaces or causes it.
damaged() { # SED PATTERN: what becomes of the golden file, and the error
  sed "$1" golden/plan.json >golden/damaged.json
  ! cmp -s golden/plan.json golden/damaged.json && refuses "^error: golden/damaged.json: .*$2" check $model --golden=golden/damaged.json
}
holds "a damaged pipeline" damaged 's/"pipeline": "[^"]*"/"pipeline": "infer-shapes,csee"/' "csee"
holds "a damaged objective" damaged 's/"objective": "[^"]*"/"objective": "speed"/' "objective: expected latency or throughput"
holds "a damaged size" damaged 's/"default_dim": [0-9]*/"default_dim": -3/' "-3 is not positive"
holds "a damaged pin" damaged "s/=$other\"/=gpu7\"/" "no device 'gpu7'"
holds "... that a flag replaces" exits 0 check $model --golden=golden/damaged.json --pin="$node=$other"
holds "a flag's own error" refuses "^error: --pin=x=gpu7: " check $model --golden=golden/plan.json --pin=x=gpu7
holds "a target's own error" refuses "^error: --target=nowhere.json: " check $model --golden=golden/plan.json --target=nowhere.json
holds "a damaged cost model" damaged 's/"cost_model": "[^"]*"/"cost_model": "rooofline"/' "rooofline"
rm golden/damaged.json golden/machine.json
holds "a target that is gone" refuses "machine.json, which is not there.*say --target=FILE" check $model --golden=golden/plan.json
cp golden/plan.json kept.json
holds "rebase of a model that is missing" refuses "nothing.onnx" check nothing.onnx --golden=golden/plan.json --target=cpu-2gpu --rebase
holds "... leaves the golden file" cmp -s golden/plan.json kept.json

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
