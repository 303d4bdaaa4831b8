#!/usr/bin/env bash
# `allot --workload=training`: the plan, the schedule and PyTorch's split_spec that are written, and what is refused.
# Arguments: allot, a scratch folder.
set -uo pipefail
allot=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 1
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
  exits 1 "$@" && [ ! -s stdout ] && [ "$(grep -c '^error: ' stderr)" -eq 1 ] && grep -qE -- "$pattern" stderr
}
python() { python3 - "$@" 2>stderr; }

"$allot" make-model transformer-encoder encoder.onnx >/dev/null || exit 1
train() { exits "$1" encoder.onnx --workload=training --target=homogeneous-8gpu "${@:2}"; }

holds "a plan is made" train 0 --max-parts=4 --microbatches=6 --whole-layers -o out
holds "it writes what tells of training" test "$(ls out | tr '\n' ' ')" = "model.dot model.mlir model.report.html plan.json schedule.trace.json "
holds "plan.json says how" python <<'PY'
import json
plan = json.load(open("out/plan.json"))
training = plan["training"]
stages = training["stages"]
assert len(stages) == 4 and training["microbatches"] == 6 and training["schedule"] == "1f1b"
assert plan["predicted"]["value_us"] == training["iteration_us"]
period = max(stage["forward_us"] + stage["backward_us"] for stage in stages)
assert abs(training["period_us"] - period) < 1e-6
assert training["bounds"]["of_ranges"]["iteration_us"] <= training["iteration_us"]
assert training["bounds"]["of_placements"]["iteration_us"] <= training["bounds"]["of_ranges"]["iteration_us"]
for i, stage in enumerate(stages):
    assert stage["in_flight"] == min(6, 4 - i) and stage["gradient_bytes"] == 4 * (training["parameters"] // 4)
    assert stage["optimizer_bytes"] == 2 * stage["gradient_bytes"]
    sums = ("weight_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes", "working_bytes")
    assert stage["memory_bytes"] == sum(stage[name] for name in sums) <= stage["device_memory_bytes"]
# Each operator is on one device, that of its stage, in order.
device = [stage["device"] for stage in stages]
order = [device.index(node["device"]) for node in plan["nodes"]]
assert sorted(order) == order and [order.count(i) for i in range(4)] == [stage["nodes"] for stage in stages]
PY
holds "the trace is the schedule" python <<'PY'
import collections, json
training = json.load(open("out/plan.json"))["training"]
rows = collections.defaultdict(list)
for event in json.load(open("out/schedule.trace.json"))["traceEvents"]:
    if event["ph"] == "X" and event["tid"] == 1:
        rows[event["pid"]].append((event["ts"], event["ts"] + event["dur"], event["name"]))
assert sorted(rows) == [1, 2, 3, 4]
last = 0
for stage, bars in rows.items():
    bars.sort()
    names = [name for _, _, name in bars]
    assert names[-1] == "update" and len(names) == 13
    # One forward and one backward in turn, behind as many forward passes as there are stages behind.
    ahead = 4 - stage
    assert names[:ahead + 2] == [f"forward {i}" for i in range(ahead + 1)] + ["backward 0"], names
    assert all(a[1] <= b[0] + 1e-6 for a, b in zip(bars, bars[1:]))
    last = max(last, bars[-1][1])
assert abs(last - training["iteration_us"]) < 1e-6
PY
holds "the page draws it" grep -q '"steps": \[\["forward", 0, 0, 0,' out/model.report.html
holds "the text reads back" sh -c "grep -q place.training out/model.mlir"
holds "what was written explains itself" exits 0 explain out
holds "... as an iteration" grep -q "homogeneous-8gpu: iteration " stdout
holds "... with the stages" grep -q "hands it on to stage 2" stdout
holds "it is a golden file" exits 0 check encoder.onnx --golden=out/plan.json
holds "two runs are one" sh -c "'$allot' encoder.onnx --workload=training --target=homogeneous-8gpu --max-parts=4 --microbatches=6 --whole-layers -o again >/dev/null && cmp out/plan.json again/plan.json && cmp out/schedule.trace.json again/schedule.trace.json"
holds "as JSON" train 0 --json
holds "... with the training" python <<'PY'
import json
report = json.load(open("stdout"))
assert report["training"]["iteration_us"] == report["value_us"]
PY

holds "a split_spec" train 0 --max-parts=4 --whole-layers --emit=split-spec -o spec
holds "... names modules" python <<'PY'
import json, sys, types
# PyTorch's own, as far as this file needs it.
pipelining = types.ModuleType("torch.distributed.pipelining")
pipelining.SplitPoint = types.SimpleNamespace(BEGINNING="beginning")
for name in ("torch", "torch.distributed"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["torch.distributed.pipelining"] = pipelining
sys.path.insert(0, "spec")
import split_spec
told = json.load(open("spec/split_spec.json"))
assert list(split_spec.split_spec) == list(told["split_spec"]) == [f"layer{i}" for i in (3, 6, 9)], told
assert set(split_spec.split_spec.values()) == {"beginning"} and split_spec.n_microbatches == 8
assert split_spec.devices == [stage["device"] for stage in told["stages"]] and len(split_spec.devices) == 4
assert all(stage.get("nodes_before", 0) == 0 for stage in told["stages"])
PY
"$allot" make-model radixnet:N=64,layers=6 sparse.onnx >/dev/null
holds "... or says that there are none" refuses "no node has a scope" sparse.onnx --workload=training --target=homogeneous-8gpu --emit=split-spec -o none
holds "... and writes nothing" test ! -e none

# Memory: on devices that hold a fifth of what training keeps, forward runs again; without that it is refused.
"$allot" --print-target --target=homogeneous-8gpu | sed 's/"memory": "39GiB"/"memory": "230MB"/' >small.json
holds "recomputes to fit" exits 0 encoder.onnx --workload=training --target=small.json --microbatches=16 --forbid='.*=cpu0' -o small
holds "... where it must" python <<'PY'
import json
stages = json.load(open("small/plan.json"))["training"]["stages"]
assert any(stage["recomputes"] for stage in stages) and all(stage["memory_bytes"] <= 230e6 for stage in stages)
PY
holds "does not fit without" refuses "training fits nowhere: .*--recompute=auto" encoder.onnx --workload=training --target=small.json --microbatches=16 --forbid='.*=cpu0' --recompute=no

# Where a node was measured, its backward pass is scaled: a product takes two backward.
echo 'node,device,time_us
layer0/ffn/up,gpu0,1000' >costs.csv
holds "measured times" sh -c "for more in '' --costs=costs.csv; do '$allot' encoder.onnx --workload=training --target=cpu-2gpu --max-parts=1 --json \$more >measured\$more.json; done"
holds "... count backward, too" python <<'PY'
import json
model, measured = (json.load(open(name))["training"]["stages"][0] for name in ("measured.json", "measured--costs=costs.csv.json"))
assert model["device"] == measured["device"] == "gpu0"
forward, backward = (measured[name] - model[name] for name in ("forward_us", "backward_us"))
assert 900 < forward < 1100 and 1.5 * forward < backward < 2.5 * forward, (forward, backward)
PY

# What is of the one is not of the other.
for flag in --microbatches=4 --optimizer=sgd --recompute=no --freeze=x --whole-layers; do
  holds "$flag without training" refuses "^error: ${flag%%=*} is of training: add --workload=training" encoder.onnx --target=cpu-2gpu $flag
done
for flag in --objective=latency --scenario=a:b=1 --tensor-width=2 --split=x=columns:2 --sparse=2 --start=out --latency-limit=5ms --min-gain=1 --pass-pipeline=place --split-state \
    --replicas=no --require-gain; do
  holds "$flag with training" refuses "^error: ${flag%%=*} is of inferences" encoder.onnx --workload=training --target=cpu-2gpu $flag
done
holds "what runs inferences" train 1 --emit=parts,manifest -o parts
holds "... is refused" grep -q "emitter 'parts': is for running inferences" stderr
holds "... and not written" test ! -e parts
holds "numbers out of range" refuses "microbatches" encoder.onnx --workload=training --microbatches=0
holds "a pattern that matches nothing" refuses "freeze=no-such-weight matches no weight" encoder.onnx --workload=training --target=cpu-2gpu --freeze=no-such-weight
holds "a pattern that is none" refuses "freeze" encoder.onnx --workload=training --target=cpu-2gpu --freeze='('
holds "nothing left to train" refuses "has nothing to train: .*--freeze" encoder.onnx --workload=training --target=cpu-2gpu --freeze='.*'
holds "a run of what was not written" refuses "manifest" run out

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
