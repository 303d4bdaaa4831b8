#!/usr/bin/env bash
# Bad input: one clear error, exit status 1, nothing left behind. Arguments: allot, make-e2e-models, a scratch
# folder.
set -uo pipefail
allot=$1 make_models=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch/good" "$scratch/bad" "$scratch/work"
"$make_models" "$scratch/good" && "$make_models" "$scratch/bad" --bad || exit 1
cd "$scratch/work"
good=../good bad=../bad
passed=0 failed=0

# refuses WHAT PATTERN ARGUMENTS...: the error must match PATTERN.
refuses() {
  local what=$1 pattern=$2; shift 2
  local before after status
  before=$(ls -A)
  "$allot" "$@" ${into--o out} >../stdout 2>../stderr </dev/null
  status=$?
  after=$(ls -A)
  local why=
  [ $status -eq 1 ] || why="exit status $status"
  [ "$(grep -c '^error: ' ../stderr)" -eq 1 ] || why="${why:+$why, }not one error: $(cat ../stderr)"
  grep -qE -e "$pattern" ../stderr || why="${why:+$why, }no match for '$pattern': $(cat ../stderr)"
  [ "$before" = "$after" ] || why="${why:+$why, }left behind: $after"
  if [ -z "$why" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $what: $why"; fi
  rm -rf out
}

target() { # NAME JSON-BODY
  printf '{"schema": "allot.target/1", "name": "%s", %s}\n' "$1" "$2" >"../$1.json"
}
device() { # NAME MEMORY [MORE]
  printf '{"name": "%s", "kind": "cpu", "memory": "%s", "flops": {"default": "1T"}, "memory_bandwidth": "100GB/s"%s}' "$1" "$2" "${3:-}"
}

refuses "no such model" "nothing.onnx" nothing.onnx
refuses "a folder" "folder" ../good
refuses "no arguments" "no model"
refuses "a name that is empty" "the model's name is empty" ""
refuses "unknown flag" "did you mean '--target'" $good/branches.onnx --targt=cpu-gpu
: >../empty.onnx
refuses "an empty file" "empty.onnx" ../empty.onnx
printf 'this is no model\n' >../text.onnx
refuses "a text file" "text.onnx" ../text.onnx
size=$(stat -c %s $good/branches.onnx)
for part in 1 3 5 7 9; do
  head -c $((size * part / 10)) $good/branches.onnx >../truncated.onnx
  refuses "truncated to $part/10" "truncated.onnx" ../truncated.onnx
done
refuses "a cycle" "cycle" $bad/cycle.onnx
refuses "an undefined tensor" "nowhere" $bad/undefined.onnx
refuses "two producers" "y" $bad/twice.onnx
refuses "shapes that do not fit" "product" $bad/shapes.onnx
cp $good/external.onnx ../lonely.onnx
refuses "missing external data" "external_weights.bin" ../lonely.onnx
mkdir -p ../short && cp $good/external.onnx ../short/ && head -c 1000 $good/external_weights.bin >../short/external_weights.bin
refuses "short external data" "external_weights.bin" ../short/external.onnx
target bits '"devices": [{"name": "cpu0", "kind": "cpu", "memory": "1GiB", "flops": {"default": "1T"}, "memory_bandwidth": "25Gb/s"}]'
refuses "unknown output" "did you mean 'triton'" $good/branches.onnx --emit=trition
refuses "an accelerator that onnx-mlir lacks" "onnx-mlir places on cpu and nnpa only" $good/googlenet.onnx --target=cpu-2gpu --emit=parts,onnx-mlir
refuses "sequences for IREE" "emitter 'iree': .*'parts'" $good/sequences.onnx --emit=manifest,iree
refuses "no instances in Triton" "instances=0: expected a positive number" $good/branches.onnx "--emit=triton{instances=0}"
into=
refuses "an output and no folder" "^error: --emit is about files, and there is no folder for any: add -o DIR" $good/branches.onnx --emit=plan
refuses "an unknown output and no folder" "no emitter 'plna', did you mean 'plan'\\?" $good/branches.onnx --emit=parts,plna
refuses "an output twice" "emitter 'plan' is asked for twice" $good/branches.onnx --emit=plan,parts,plan
refuses "options of an output and no folder" "emitter 'plan': no such option 'x'" $good/branches.onnx "--emit=plan{x=1}"
refuses "a version of files and no folder" "--emit-ir-version is about files" $good/branches.onnx --emit-ir-version=keep
refuses "data of files and no folder" "--external-data is about files" $good/branches.onnx --external-data=reference
refuses "force and no folder" "--force is about files" $good/branches.onnx --force
unset into
refuses "an unknown output before anything is planned" "no emitter 'repotr', did you mean 'report'" $good/branches.onnx --emit=repotr --target=cpu-3gpu
refuses "missing external data before anything is planned" "external_weights.bin" ../lonely.onnx --target=cpu-2gpu --pin=.*=cpu0 --forbid=.*=cpu0
refuses "unknown target" "there are cpu-2gpu" $good/branches.onnx --target=cpu-3gpu
refuses "cores for no device" "host:cpus=0: a device needs at least one core" $good/branches.onnx --target=host:cpus=0
refuses "more cores than there are" "host:cpus=1000000: this machine has [0-9]+ cores?; the largest split is [0-9]+" $good/branches.onnx --target=host:cpus=1000000
refuses "cores that are no numbers" "cannot read cpus 'all'" $good/branches.onnx --target=host:cpus=all
refuses "more GPUs than there are" "host:gpus=1000000: this machine has [0-9]+ GPU" $good/branches.onnx --target=host:gpus=1000000
refuses "unknown option of host" "host:foo=1: no such option 'foo' \\(options: cpus, gpus\\)" $good/branches.onnx --target=host:foo=1
refuses "host without its option" "it is written host" $good/branches.onnx --target=host:
refuses "printing an unknown target" "there are cpu-2gpu.*host" --print-target --target=cpu-3gpu
refuses "costs of no node" "matches no node; .* did you mean .conv1" $good/googlenet.onnx --target=cpu-2gpu --print-costs=conv1/7x7_s3
refuses "unknown device in --pin" "gpu7" $good/branches.onnx --pin '.*=gpu7'
refuses "bad regular expression" "\\(\\(" $good/branches.onnx --pin '((=cpu0'
refuses "unknown solver" "magic" $good/branches.onnx --solver=magic
refuses "unknown pass" "csee" $good/branches.onnx --pass-pipeline 'csee'
refuses "unknown objective" "latency or throughput" $good/branches.onnx --objective=speed
refuses "bad dimension" "NAME=SIZE" $good/branches.onnx --dim batch
refuses "bad dimension after a good one" "NAME=SIZE" $good/branches.onnx --dim batch=4,
refuses "a negative seed" "--seed: expected 0 or more" $good/branches.onnx --target=cpu-2gpu --seed=-1
target rule "\"devices\": [$(device a 1GiB)], \"rules\": [{\"pin\": \"b\", \"op\": \"Conv\"}]"
refuses "unknown device in a rule" "rules\\[0\\].*b" $good/branches.onnx --target=../rule.json
target tiny "\"devices\": [$(device a 64KiB), $(device b 64KiB)], \"topology\": {\"links\": [{\"from\": \"a\", \"to\": \"b\", \"bandwidth\": \"1GB/s\", \"latency_us\": 1}]}"
refuses "fits nowhere" "memory|fit" $good/branches.onnx --target=../tiny.json
target apart "\"devices\": [$(device a 1GiB), $(device b 1GiB)], \"rules\": [{\"pin\": \"a\", \"op\": \"Conv\"}, {\"pin\": \"b\", \"op\": \"Relu\"}]"
refuses "no route" "route" $good/branches.onnx --target=../apart.json
refuses "rules that clash" "branches.onnx: pass '.*': no placement: these rules clash, and no fewer do: --forbid '\.\*=cpu0', --forbid '\.\*=gpu0'; drop one of them" \
  $good/branches.onnx --target=cpu-gpu --forbid '.*=cpu0' --pin 'nothing=cpu0' --forbid '.*=gpu0'
target weak "\"devices\": [$(device a 1GiB ', "supports": {"ops": ["Relu"]}')]"
refuses "an unsupported operator" "Conv" $good/branches.onnx --target=../weak.json
echo '{"schema": "allot.target/1", "name": "x", "devices": [' >../broken.json
refuses "broken JSON" "broken.json" $good/branches.onnx --target=../broken.json
target typo "\"devices\": [$(device a 1GiB ', "memroy": 3')]"
refuses "unknown key" "memroy" $good/branches.onnx --target=../typo.json

costs() { # ROWS...: a table of costs with every column
  printf '%s\n' 'node,device,time_us,bytes,fused_into,what,to' "$@" >../costs.csv
}
costs '# a comment' 'a,cpu0,1,,,lanch,'
refuses "an unknown kind of row in costs" "costs.csv:3: what 'lanch' is none of op.*did you mean 'launch'" $good/branches.onnx --costs=../costs.csv
costs 'a,cpu0,1,,,launch,'
refuses "a launch of a node" "costs.csv:2: a launch is of no node" $good/branches.onnx --costs=../costs.csv
costs ',cpu0,1,64,,transfer,'
refuses "a transfer to nowhere" "costs.csv:2: a transfer needs 'to'" $good/branches.onnx --costs=../costs.csv
costs ',cpu0,1,,,transfer,gpu0'
refuses "a transfer of no size" "costs.csv:2: a transfer needs 'bytes'" $good/branches.onnx --costs=../costs.csv
costs 'a,cpu0,1,,,,' 'b,cpu0,1,,a,,'
refuses "a fused node with a time" "costs.csv:3: the time of a fused node.*must be 0" $good/branches.onnx --costs=../costs.csv
costs 'a,gpu0,1,,,,' 'b,cpu0,0,,a,,'
refuses "fused into a node without a row" "costs.csv:3: fused_into 'a' has no row on 'cpu0'" $good/branches.onnx --costs=../costs.csv
costs ',cpu0,1,,,launch,' ',cpu0,2,,,launch,'
refuses "a launch twice" "costs.csv:3: the launch on 'cpu0' stands in line 2" $good/branches.onnx --costs=../costs.csv
printf 'node,time_us\na,1\n' >../costs.csv
refuses "costs without devices" "costs.csv:1: column 'device' is missing" $good/branches.onnx --costs=../costs.csv
refuses "no such costs" "nothing.csv: cannot be read" $good/branches.onnx --costs=nothing.csv

refuses "a unit of bits" "that is 3.125GB/s" $good/branches.onnx --target=../bits.json
refuses "a size of zero" "--dim=batch=0: " $good/branches.onnx --target=cpu-2gpu --dim batch=0
refuses "two sizes of a dimension" "--dim=batch=5: 'batch' is 4 already" $good/branches.onnx --target=cpu-2gpu --dim batch=4 --dim batch=5
refuses "two values of a fixed input" "input 'flag' has a value already" $good/control_flow.onnx --target=cpu-2gpu --set flag=true --set flag=false
refuses "a limit that is too short to count" "--latency-limit: '999ns' is less than a microsecond" $good/branches.onnx --target=cpu-2gpu \
  --objective=throughput --latency-limit=999ns
refuses "no limit at all" "--latency-limit: '0us' is less than a microsecond" $good/branches.onnx --target=cpu-2gpu --objective=throughput --latency-limit=0us
refuses "more gain than all" "--min-gain: '200' is too large; expected at most 100" $good/branches.onnx --target=cpu-2gpu --min-gain=200
refuses "more simplicity than numbers hold" "--simplify: '1e12' is too large" $good/branches.onnx --target=cpu-2gpu --simplify=1e12
refuses "tensors that fit nowhere" "'.*', needs [0-9.]+ GB, [0-9.]+ GB of which are tensors; use devices with more memory, smaller sizes" \
  $good/branches.onnx --target=cpu-2gpu --dim batch=100000000
refuses "a fixed input that is none" "no input 'y'; did you mean 'x'" $good/branches.onnx --target=cpu-2gpu --set y=1
refuses "a machine of nearly that name" "did you mean 'cpu-2gpu'" $good/branches.onnx --target=cpu-2gpux
refuses "a command of nearly that name" "neither a command nor a model 'rum'; did you mean 'allot run'" rum
refuses "an empty folder name" "^error: -o: is given without a value; expected DIR" $good/branches.onnx --target=cpu-2gpu -o ''

# warns WHAT PATTERN ARGUMENTS...: succeeds, with one warning that matches.
warns() {
  local what=$1 pattern=$2; shift 2
  "$allot" "$@" >../stdout 2>../stderr
  local status=$?
  if [ $status -eq 0 ] && [ "$(grep -c 'warning: ' ../stderr)" -eq 1 ] && grep -qE -e "$pattern" ../stderr; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)); echo "FAILED $what: status $status, $(cat ../stderr)"
  fi
}
warns "a dimension with a comma that is none" "the model has no dimension 'rows,columns'" \
  $good/branches.onnx --target=cpu-2gpu --dim batch=2,rows,columns=2
warns "a dimension that is none" "--dim=batsh=2: warning: the model has no dimension 'batsh'; did you mean 'batch'" \
  $good/branches.onnx --target=cpu-2gpu --dim batsh=2
warns "a dimension of a scenario that is none" "--scenario=a:batsh=2: warning: the model has no dimension 'batsh'; did you mean 'batch'" \
  $good/branches.onnx --target=cpu-2gpu --scenario=a:batsh=2 --scenario=b:batch=3
warns "a dimension of all scenarios that is none, once" "--dim=batsh=2: warning: the model has no dimension 'batsh'" \
  $good/branches.onnx --target=cpu-2gpu --dim=batsh=2 --scenario=a:batch=2 --scenario=b:batch=3
warns "missing external data, planned" "external_weights.bin.*; put the model's data files beside the model" ../lonely.onnx --target=cpu-2gpu
warns "short external data, planned" "which has only 1000; the file is incomplete" ../short/external.onnx --target=cpu-2gpu
target unmatched '"devices": ['"$(device cpu0 1GiB)"'], "rules": [{"pin": "cpu0", "name": "nosuch.*"}, {"pin": "cpu0", "op": "LSTM"}]'
warns "a rule of the target for no node" "nosuch.*: warning: matches no node of this model" $good/branches.onnx --target=../unmatched.json

target misspelt "\"devices\": [$(device a 1GiB), $(device b 1GiB ', "supports": {"ops": ["Covn", "Relu", "my:Op", "*"]}')]"
warns "an operator that ONNX does not have" "device 'b': warning: its 'supports' names an operator 'Covn'.*did you mean 'Conv'" \
  $good/branches.onnx --target=../misspelt.json
target slow '"devices": [{"name": "a", "kind": "cpu", "memory": "1GiB", "flops": {"default": "1k"}, "memory_bandwidth": "1GB/s"}]'
warns "times that are too large to count" "node '.*': warning: takes 9 seconds or more on a, and no more is counted" $good/branches.onnx --target=../slow.json

# A rule that matches nothing is told, and is no error.
"$allot" $good/branches.onnx --target=cpu-2gpu --pin 'nosuch=cpu0' --pin '.*=cpu0' >../stdout 2>../stderr
status=$?
if [ $status -eq 0 ] && [ "$(grep -c 'matches no node' ../stderr)" -eq 1 ] && grep -q "'nosuch=cpu0': warning" ../stderr; then
  passed=$((passed + 1))
else
  failed=$((failed + 1)); echo "FAILED a rule for no node: status $status, $(cat ../stderr)"
fi

# The output folder's place is taken by a file: the file stays.
echo precious >out
"$allot" $good/branches.onnx --target=cpu-2gpu -o out --quiet 2>../stderr
status=$?
if [ $status -eq 1 ] && [ "$(cat out)" = precious ] && [ "$(ls -A)" = out ]; then
  passed=$((passed + 1))
else
  failed=$((failed + 1)); echo "FAILED output folder is a file: status $status, $(cat ../stderr), $(ls -A)"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
