#!/usr/bin/env bash
# `allot design`: the list of a space, a search, its files, one that is interrupted, errors. Arguments: allot, allot-make-model, a
# scratch folder.
set -uo pipefail
allot=$1 make_model=$2
rm -rf "$3"
mkdir -p "$3"
cd "$3" || exit 1
passed=0 failed=0

ok() { # WHAT COMMAND...
  local what=$1; shift
  if "$@" >stdout 2>stderr; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $what: $(cat stdout stderr | head -20)"; fi
}
# refuses WHAT PATTERN ARGUMENTS...: exit status 1, nothing on standard output, an error that matches PATTERN.
refuses() {
  local what=$1 pattern=$2 status; shift 2
  "$allot" design "$@" >stdout 2>stderr
  status=$?
  if [ $status -eq 1 ] && [ ! -s stdout ] && grep -E "^error: $pattern" stderr >/dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)); echo "FAILED $what: status $status, $(cat stdout stderr | head -5)"
  fi
}

"$make_model" transformer-encoder encoder.onnx >/dev/null || exit 1
cat >small.json <<'EOF'
{"schema": "allot.space/1", "name": "small", "tensor_cores": [16, 8, 4, 2, 1], "vector_cores": [16, 4, 1], "width": [128, 64, 32],
 "depth": [128, 64], "buffer_mb": [32, 8],
 "rates": {"clock_hz": 1e9, "buffer_words_per_cycle": 256, "memory_words_per_cycle": 128},
 "area": {"multiplier": 760, "lane": 760, "core_buffer": {"1": 6000, "2": 8000, "32": 63000, "64": 115000, "128": 204000, "256": 446000},
          "shared_buffer": {"8": 12000000, "32": 46000000}},
 "power": {"multiply_pj": 0.5, "lane_cycle_pj": 1, "buffer_pj_per_byte": 2, "memory_pj_per_byte": 10, "link_pj_per_byte": 30, "leakage_w_per_mm2": 0.05}}
EOF

"$allot" design --list >list.csv
[ "$(wc -l <list.csv)" -eq 29361 ] && [ "$(head -n 1 list.csv)" = "num_tc,num_vc,width,depth,width_vc,glb_mb,area_um2" ] &&
  [ "$(tail -n 1 list.csv | cut -d, -f1-6)" = "1,1,2,2,2,2" ]
ok "the published space" [ $? -eq 0 ]

question=(encoder.onnx --space=small.json --devices=64 --batch=512 --mbs=1,2 --hbm=1,16 --tp=1,2 --per=watt)
ok "a search" "$allot" design "${question[@]}" --json -o whole
cp stdout whole.json
ok "what programs read" python3 - whole.json <<'EOF'
import json, sys
result = json.load(open(sys.argv[1]))
best = result["best"]
for key in ("num_tc num_vc width depth width_vc glb_mb area_um2 microbatch hbm_gb recompute tensor pipeline data "
            "samples_per_s watts").split():
    assert key in best, key
assert result["evaluated"] == 180 * 2 * 2 * 2 and result["bound"] >= best["value"] > 0
assert result["stop_rule_best"] is None
assert best["data"] * best["pipeline"] * best["tensor"] <= 64
assert all(a["area_um2"] < b["area_um2"] or a["value"] != b["value"] for a, b in zip(result["front"], result["front"][1:]))
stages = json.load(open("whole/stages.json"))
assert sum(stage["layers"] for stage in stages[0]["stages"]) >= 12 and len(stages[0]["stages"]) == best["pipeline"]
EOF
ok "what was printed is what was written" cmp whole.json whole/design.json
ok "a page with the picture" grep -c "<svg" whole/design.html
ok "a target that allot reads" "$allot" --target=whole/target.json --print-target

ok "stages as files" "$allot" design encoder.onnx --space=small.json --devices=4 --batch=32 --hbm=16 --rank=1 -o staged --emit-stages
ok "a file for each stage, and a plan of them" python3 - <<'EOF'
import json, os
stages = json.load(open("staged/stages.json"))[0]
folder = os.path.join("staged", stages["folder"])
manifest = json.load(open(os.path.join(folder, "manifest.json")))
plan = json.load(open(os.path.join(folder, "plan.json")))
assert len(manifest["parts"]) == len(stages["stages"]) > 1, (len(manifest["parts"]), stages)
assert all(os.path.exists(os.path.join(folder, part["file"])) for part in manifest["parts"])
assert os.path.exists(os.path.join(folder, "model.annotated.onnx"))
# The layers of a stage are on it: names of nodes say the layer.
at = {}
for node in plan["nodes"]:
    if node["name"].startswith("layer"):
        at.setdefault(int(node["name"].split("/")[0][5:]), set()).add(node["device"])
layer = 0
for number, stage in enumerate(stages["stages"]):
    for _ in range(stage["layers"]):
        if layer in at:
            assert f"stage{number}" in at[layer], (layer, number, at[layer])
        layer += 1
EOF
ok "what reads plans" "$allot" explain staged/encoder
# What is written in the end is looked for before the search. y = x W, whose weights would lie in another file.
mkdir weightless && python3 - <<'EOF'
def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)
number = lambda field, value: varint(field << 3) + varint(value)
def block(field, *values):
    value = b"".join(each if isinstance(each, bytes) else each.encode() for each in values)
    return varint(field << 3 | 2) + varint(len(value)) + value
value = lambda name, *sizes: block(1, name) + block(2, block(1, number(1, 1), block(2, *(block(1, number(1, size)) for size in sizes))))
weight = number(1, 64) + number(1, 64) + number(2, 1) + block(8, "w") + block(13, block(1, "location"), block(2, "w.bin")) + number(14, 1)
node = block(1, "x") + block(1, "w") + block(2, "y") + block(3, "n") + block(4, "MatMul")
graph = block(1, node) + block(2, "g") + block(5, weight) + block(11, value("x", 8, 64)) + block(12, value("y", 8, 64))
open("weightless/m.onnx", "wb").write(number(1, 8) + block(7, graph) + block(8, number(2, 17)))
EOF
single=(weightless/m.onnx --space=small.json --devices=1 --batch=1 --hbm=16)
ok "weights are not needed" "$allot" design "${single[@]}"
refuses "weights that stages need" "weightless/m.onnx: tensor 'w': its data is in 'w.bin', but there is no file" "${single[@]}" -o lost --emit-stages
ok "... before there is anything" test ! -e lost
"$allot" design "${single[@]}" --dim=batch=2 >/dev/null 2>said
ok "a dimension of no model is warned of" grep -- "--dim=batch=2: warning: the model has no dimension 'batch'" said
refuses "stages nowhere" "--emit-stages: say with -o" encoder.onnx --emit-stages

"$allot" design "${question[@]}" --json --threads=2 >threads.json
ok "threads change nothing" cmp whole.json threads.json

# Killed once something has been found, if it has not ended before.
"$allot" design "${question[@]}" --json -o killed >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do
  if [ -f killed/design.json ] || { [ -f killed/search.jsonl ] && [ "$(wc -l <killed/search.jsonl)" -gt 20 ]; }; then break; fi
  sleep 0.01
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
if [ -f killed/search.jsonl ]; then
  refuses "another question" "killed/search.jsonl: is of a search" "${question[@]}" --batch=256 -o killed --resume
fi
"$allot" design "${question[@]}" --json -o killed --resume >resumed.json
ok "a killed search goes on to the same bytes" cmp whole.json resumed.json
ok "and to the same files" diff -r whole killed

# Two models at once, of which the worse counts.
"$make_model" resnet-50 resnet.onnx >/dev/null || exit 1
two=(encoder.onnx resnet.onnx --space=small.json --devices=8 --batch=64 --mbs=1,2 --hbm=16 --objective=inference --combine=worst)
"$allot" design "${two[@]}" --json -o both >both.json
"$allot" design "${two[@]}" --json -o cut >/dev/null 2>&1 &
pid=$!
for _ in $(seq 400); do
  if [ -f cut/design.json ] || { [ -f cut/search.jsonl ] && [ "$(wc -l <cut/search.jsonl)" -gt 10 ]; }; then break; fi
  sleep 0.005
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
"$allot" design "${two[@]}" --json -o cut --resume >cut.json
ok "a killed search for two models goes on to the same bytes" cmp both.json cut.json
ok "and to the same files for both" diff -r both cut
ok "each model has a plan" python3 -c "import json; assert len(json.load(open('both.json'))['best']['models']) == 2"

"$allot" design "${question[@]}" --stop-rule=published --json >rule.json
ok "the published rule" python3 - rule.json <<'EOF'
import json, sys
result = json.load(open(sys.argv[1]))
rule = result["stop_rule_best"]
assert 0 < rule["value"] <= result["best"]["value"] and rule["explored"] > 0
EOF
for objective in inference latency; do
  ok "$objective" "$allot" design encoder.onnx --space=small.json --objective=$objective --devices=4 --area=50 --json
  cp stdout "$objective.json"
  ok "$objective within the area" python3 -c "import json; assert 0 < json.load(open('$objective.json'))['best']['area_um2'] <= 50e6"
done

"$make_model" unet unet.onnx >/dev/null || exit 1
ok "what no single value crosses is divided into branches" \
  "$allot" design unet.onnx --space=small.json --objective=training --devices=8 --batch=8 --hbm=16 --json --emit-stages -o unet
ok "in stages, and a file for each" python3 - <<'EOF'
import json
stages = json.load(open("unet/stages.json"))[0]["stages"]
assert len(stages) > 1, stages
layers = []
for stage in stages:
    numbers = stage.get("layer_numbers") or range(stage["first_layer"], stage["first_layer"] + stage["layers"])
    assert len(numbers) == stage["layers"], stage
    layers += numbers
assert sorted(layers) == list(range(len(layers))) and len(layers) > 20, layers
assert len(json.load(open("unet/unet/manifest.json"))["parts"]) == len(stages)
EOF

refuses "no model" "no model given" --space=small.json
refuses "no such space" "no built-in space 'phase'.*did you mean 'phaze'" encoder.onnx --space=phase
refuses "no such file" "" encoder.onnx --space=./missing.json
refuses "a wrong number" "--mbs: expected numbers" encoder.onnx --mbs=0
refuses "power that nobody knows" "--per=watt: the space phaze has no model of power" encoder.onnx --per=watt
refuses "nothing within the area" ".*no accelerator is within the limits" encoder.onnx --area=0.001
refuses "weights of other models" "--weights: there are 2 for 1 models" encoder.onnx --weights=1,2
refuses "nothing to go on with" "--resume: say with -o" encoder.onnx --resume
echo '{"schema": "allot.space/1"}' >broken.json
refuses "a broken space" "./broken.json" encoder.onnx --space=./broken.json
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
