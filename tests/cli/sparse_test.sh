#!/usr/bin/env bash
# `allot --sparse`: words that cross are those that were counted, in every form of the weights; what does not pay is
# left alone. Arguments: allot, a scratch folder, a Python with onnxruntime and numpy that may be missing.
set -uo pipefail
allot=$1 scratch=$2 python=$3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 1
passed=0 failed=0
check() { if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $2: $(cat stderr)"; fi; }

cpus() {  # of so many processors alike
  python3 - "$1" <<'PY'
import json, sys
n = int(sys.argv[1])
devices = [{"name": f"cpu{i}", "kind": "cpu", "memory": "8GiB", "flops": {"default": "50G"}, "memory_bandwidth": "10GB/s"} for i in range(n)]
links = [{"from": f"cpu{i}", "to": "switch", "bandwidth": "10GB/s", "latency_us": 5} for i in range(n)] if n > 1 else []
topology = {"links": links, **({"switches": ["switch"]} if n > 1 else {})}
print(json.dumps({"schema": "allot.target/1", "name": f"cpus{n}", "devices": devices, "topology": topology}))
PY
}
for n in 1 4; do cpus $n >cpus$n.json; done

# Owners and words are the same whatever holds the weights, and words are those of the manifest's transfers.
for format in dense sparse sparse-2d qdq; do
  "$allot" make-model radixnet:N=256,layers=4,weights=dyadic,format=$format net.onnx >/dev/null 2>stderr &&
    "$allot" net.onnx --sparse=4 --target=cpus4.json -o $format >/dev/null 2>stderr
  check $? "divides $format"
  python3 - $format <<'PY' 2>stderr
import json, sys
folder = sys.argv[1]
rows = json.load(open(f"{folder}/plan.json"))["rows"]
manifest = json.load(open(f"{folder}/manifest.json"))
first = json.load(open("dense/plan.json"))["rows"]
assert rows["divided"] and rows["parts"] == 4 and rows["imbalance"] <= 0.03
assert 0 < 2 * rows["words"] < rows["random_words"] and rows["words"] <= rows["cyclic_words"]
assert [t["owner"] for t in rows["tensors"]] == [t["owner"] for t in first["tensors"]]
assert sum(link["words"] for link in rows["links"]) == rows["words"]
device = {part["id"]: part["device"] for part in manifest["parts"]}
crossed = sum(len({device[p] for p in t["to"]} - {device[t["from"]]}) *
              next(size for size in manifest["signature"][t["tensor"]]["shape"] if size != "batch")
              for t in manifest["transfers"])
assert crossed == rows["words"] + rows["gathered_words"], (crossed, rows["words"], rows["gathered_words"])
assert manifest["rows"]["words"] == rows["words"] and manifest["rows"]["links"] == rows["links"]
# An independent count: owners and the formula of the network's first block.
owner = [rows["inputs"][0]["owner"]] + [t["owner"] for t in rows["tensors"]]
words = 0
for layer in range(4):
    for i in range(256):
        readers = {owner[layer + 1][j] for j in range(256) if (i - j) % 16 in (0, 2 ** layer)}
        words += len(readers - {owner[layer][i]})
assert words == rows["words"], (words, rows["words"])
# Training: each word comes back but those of the input; two more products of each nonzero, but one in the first layer.
step = rows["training"]
assert step["words"] == rows["training_words"] == 2 * words - rows["inputs"][0]["words"] == sum(link["words"] for link in step["links"])
nonzeros = [256 * 32] * 4
assert sum(step["forward"]) == sum(nonzeros) and sum(step["backward"]) == 2 * sum(nonzeros) - nonzeros[0], step
assert step["most_sent"] == max(sum(link["words"] for link in step["links"] if link["from"] == p) for p in range(4))
PY
  check $? "counts the words of $format"
done

# Convolutions: channels are neurons, residual additions tie their owners, and a word is a whole map.
"$allot" make-model sparse-resnet: resnet.onnx >/dev/null 2>stderr &&
  "$allot" resnet.onnx --sparse=4 --target=cpus4.json -o resnet >/dev/null 2>stderr
check $? "divides convolutions"
python3 - <<'PY' 2>stderr
import json, math
rows = json.load(open("resnet/plan.json"))["rows"]
manifest = json.load(open("resnet/manifest.json"))
assert rows["divided"] and 10 * rows["words"] < 7 * rows["random_words"] and rows["words"] < rows["cyclic_words"]
assert len(rows["tensors"]) == 17 and {len(t["owner"]) for t in rows["tensors"]} == {32, 64}
assert [t["owner"] for t in rows["inputs"]] == [[0] * 32], "what the dense stem gives is in one part"
device = {part["id"]: part["device"] for part in manifest["parts"]}
crossed = 0
for transfer in manifest["transfers"]:
    if not transfer["tensor"].startswith("rows.p"):
        continue  # what is not divided may be anywhere
    shape = manifest["signature"][transfer["tensor"]]["shape"]
    words = math.prod(shape)  # of one image
    crossed += words * len({device[p] for p in transfer["to"]} - {device[transfer["from"]]})
assert crossed == rows["words"] + rows["gathered_words"], (crossed, rows["words"], rows["gathered_words"])
assert rows["gathered_words"] == sum(part != 0 for part in rows["tensors"][-1]["owner"]), "behind the mean, a word each"
PY
check $? "counts the words of maps"
! "$allot" make-model sparse-resnet:groups=0 none.onnx >stdout 2>stderr &&
  grep "^error: sparse-resnet:groups=0: groups=0: must be from 1 to 32$" stderr >/dev/null
check $? "refuses a network that cannot be"

# Shares follow the devices' speed; words keep off slow links.
python3 - <<'PY'
import json
def target(name, speeds, slow):
    devices = [{"name": f"cpu{i}", "kind": "cpu", "memory": "8GiB", "flops": {"default": speed}, "memory_bandwidth": "10GB/s"}
               for i, speed in enumerate(speeds)]
    fast = [{"from": f"cpu{i}", "to": f"server{i // 2}", "bandwidth": "10GB/s", "latency_us": 1} for i in range(4)]
    between = {"from": "server0", "to": "server1", "bandwidth": slow, "latency_us": 1}
    json.dump({"schema": "allot.target/1", "name": name, "devices": devices,
               "topology": {"switches": ["server0", "server1"], "links": [*fast, between]}}, open(f"{name}.json", "w"))
target("alike", ["50G"] * 4, "1TB/s")
target("slow", ["50G"] * 4, "1GB/s")
target("unlike", ["50G", "100G", "25G", "50G"], "1TB/s")
PY
"$allot" make-model block-sparse:N=256,layers=6,weights=random blocks.onnx >/dev/null 2>stderr
for target in alike slow unlike; do
  "$allot" blocks.onnx --sparse=4 --target=$target.json -o on-$target >/dev/null 2>stderr
  check $? "divides for $target devices"
done
python3 - <<'PY' 2>stderr
import json
def rows_on(name):
    return json.load(open(f"on-{name}/plan.json"))["rows"]
def across(name):  # words from server to server
    return sum(link["words"] for link in rows_on(name)["links"] if link["from"] // 2 != link["to"] // 2)
assert across("slow") < across("alike"), (across("slow"), across("alike"))
for tensor in rows_on("unlike")["tensors"]:
    shares = [tensor["owner"].count(p) / 256 for p in range(4)]
    for share, speed in zip(shares, [50, 100, 25, 50]):
        assert share <= speed / 225 * (1 + max(tensor["imbalance"], 0.03)) + 1e-9, (shares, tensor["imbalance"])
    assert shares[1] > 1.5 * shares[0] > 2 * shares[2], shares
PY
check $? "looks at speeds and links"

# Of more devices than parts those that compute most; of devices very unlike the slow one has hardly a row.
"$allot" blocks.onnx --sparse=2 --target=cpu-2gpu -o fastest >/dev/null 2>stderr &&
  sed 's/"25G"/"10M"/' unlike.json >hardly.json &&
  "$allot" blocks.onnx --sparse=4 --target=hardly.json -o hardly >/dev/null 2>stderr && python3 - <<'PY' 2>stderr
import json
plan = json.load(open("fastest/plan.json"))
assert plan["rows"]["devices"] == json.load(open("fastest/manifest.json"))["rows"]["devices"] == ["gpu0", "gpu1"], plan["rows"]["devices"]
assert {node["device"] for node in plan["nodes"] if node["name"].startswith("rows.p1/")} == {"gpu1"}
assert {node["device"] for node in plan["nodes"] if node["name"].startswith("rows/")} == {"gpu0"}
for tensor in json.load(open("hardly/plan.json"))["rows"]["tensors"]:
    assert tensor["owner"].count(2) < 256 / 100, tensor["owner"].count(2)
PY
check $? "takes the fastest devices"

# With fewer devices than parts, the nodes of each part stay together wherever the search puts them.
"$allot" blocks.onnx --sparse=6 --target=alike.json -o few >/dev/null 2>stderr && python3 - <<'PY' 2>stderr
import json
plan = json.load(open("few/plan.json"))
devices = {}
for node in plan["nodes"]:
    if node["name"].startswith("rows.p"):
        devices.setdefault(node["name"].split("/")[0], set()).add(node["device"])
assert plan["rows"]["parts"] == 6 and len(devices) == 6 and all(len(each) == 1 for each in devices.values()), devices
assert plan["rows"]["words"] < plan["rows"]["random_words"] <= plan["rows"]["broadcast_words"]
PY
check $? "keeps the nodes of a part together on fewer devices"

"$allot" make-model random-rows:N=128,layers=3,degree=16,weights=random random.onnx >/dev/null 2>stderr
"$allot" random.onnx --sparse=4 --target=cpus4.json -o random >stdout 2>stderr &&
  grep "dividing rows does not pay: 4 parts would exchange" stderr >/dev/null &&
  [ "$(ls random/*.0*.onnx | wc -l)" -eq 1 ]
check $? "leaves random rows alone"
"$allot" random.onnx --sparse=4 --sparse-force --target=cpus4.json -o forced >stdout 2>stderr &&
  [ "$(ls forced/*.0*.onnx | wc -l)" -gt 4 ]
check $? "divides them if forced"
"$allot" net.onnx --sparse=auto --dim=batch=256 --target=cpus1.json -o one >stdout 2>stderr
check $? "looks at one device"
"$allot" make-model mobilenet-v2 dense.onnx >/dev/null 2>stderr
"$allot" dense.onnx --sparse=4 --target=cpus4.json -o dense-model >stdout 2>stderr &&
  grep "dividing rows does not pay: no layer has weights" stderr >/dev/null
check $? "leaves dense models alone"

refuses() {  # PATTERN ARGUMENTS...
  local pattern=$1; shift
  "$allot" net.onnx --target=cpus4.json "$@" >stdout 2>stderr
  [ $? -eq 1 ] && [ "$(grep -c '^error: ' stderr)" -eq 1 ] && grep -E -- "$pattern" stderr >/dev/null
  check $? "refuses $*"
}
refuses "--sparse=0: must be from 1 to 1024, or auto" --sparse=0
refuses "--sparse=many: must be from 1 to 1024, or auto" --sparse=many
refuses "expected a number from 0 to 1000" --sparse=2 --eps=-1
refuses "--eps is of the division of sparse weights: add --sparse" --eps=0.2
refuses "--sparse-force is of the division of sparse weights: add --sparse" --sparse-force
refuses "--split-state is of divided attention: add --tensor-width or --split" --split-state
truncate -s 100000 net.onnx
refuses "net.onnx" --sparse=2

if "$python" -c 'import onnxruntime, numpy' 2>/dev/null; then
  "$allot" make-model radixnet:N=256,layers=4,weights=dyadic net.onnx >/dev/null 2>stderr
  "$python" -B "$here/run_divided.py" net.onnx dense exact >stdout 2>stderr
  check $? "computes the same, to the bit where floats are exact"
  "$allot" make-model radixnet:N=256,layers=6,weights=random net.onnx >/dev/null 2>stderr &&
    "$allot" net.onnx --sparse=4 --target=cpus4.json -o close >/dev/null 2>stderr &&
    "$python" -B "$here/run_divided.py" net.onnx close close >stdout 2>stderr
  check $? "computes nearly the same elsewhere"
  # Of a batch neurons come first, of one sample they do not.
  "$allot" net.onnx --sparse=4 --target=cpus4.json --dim=batch=64 -o batch >/dev/null 2>stderr &&
    "$python" -B "$here/run_divided.py" net.onnx batch close >stdout 2>stderr && python3 - <<'PY' 2>stderr
import json
for folder, axis in (("close", 0), ("batch", 1)):
    manifest = json.load(open(f"{folder}/manifest.json"))
    shapes = [manifest["signature"][t["tensor"]]["shape"] for t in manifest["transfers"] if t["tensor"].startswith("rows.p")]
    assert shapes and all(shape[axis] == "batch" for shape in shapes), (folder, shapes)
PY
  check $? "lays matrices by the batch"
  "$python" -B "$here/run_divided.py" resnet.onnx resnet close >stdout 2>stderr
  check $? "computes nearly the same of convolutions"
  "$allot" make-model sparse-resnet:batch=open,image=12,seed=3 open.onnx >/dev/null 2>stderr &&
    "$allot" open.onnx --sparse=3 --target=cpus4.json --dim batch=4 -o open >/dev/null 2>stderr &&
    "$python" -B "$here/run_divided.py" open.onnx open close >stdout 2>stderr
  check $? "computes nearly the same of any number of images"
  "$allot" resnet.onnx --sparse=4 --sparse-force --target=cpus1.json -o packed-maps >/dev/null 2>stderr &&
    "$python" -B "$here/run_divided.py" resnet.onnx packed-maps close >stdout 2>stderr
  check $? "computes nearly the same of convolutions packed on one device"
  # Depthwise convolutions and clips on the way, and every layer divided, dense as it is.
  every="divide-rows{parts=3 exchange=whole max-density=1 force=true}"
  "$allot" dense.onnx "--pass-pipeline=infer-shapes,$every,infer-shapes,dead-nodes,place-default" --target=cpus1.json -o mobile \
    >/dev/null 2>stderr && "$python" -B "$here/run_divided.py" dense.onnx mobile close >stdout 2>stderr
  check $? "computes nearly the same of a published model"
  "$allot" net.onnx --sparse=4 --sparse-force --target=cpus1.json -o packed >/dev/null 2>stderr &&
    "$python" -B "$here/run_divided.py" net.onnx packed close >stdout 2>stderr
  check $? "computes nearly the same packed on one device"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
