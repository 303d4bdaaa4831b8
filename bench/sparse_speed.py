"""How fast models with sparse weights are in ONNX Runtime before and after packing on one device, on one core.

Median processor time of one inference. Networks: RadiX-Net, random rows, a sparse MLP that was pruned by magnitude; ResNet-50
pruned alike, by kernels that were drawn, and by groups of channels in an order that was drawn. First, of ResNet-50, the words
that parts on several devices would exchange.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

TARGET = {"schema": "allot.target/1", "name": "core",
          "devices": [{"name": "cpu0", "kind": "cpu", "memory": "16GiB", "flops": {"default": "200G"},
                       "memory_bandwidth": "40GB/s", "op_cost_us": 3}], "topology": {"links": []}}


def prune(path, share):
    """Sets the smallest weights of every matrix to zero, so many of a hundred."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim >= 2 and values.dtype == np.float32:
            limit = np.quantile(np.abs(values), share / 100)
            tensor.CopyFrom(numpy_helper.from_array(np.where(np.abs(values) <= limit, 0, values).astype(np.float32), tensor.name))
    onnx.save(model, path)


def groups_of(model, count):
    """A group for each channel of each tensor; the same for all that a residual addition, an activation or a pool ties."""
    parent, drawn, random = {}, {}, np.random.default_rng(1)

    def root(name):
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for node in model.graph.node:
        if node.op_type in ("Relu", "MaxPool", "Add"):
            for name in node.input:
                parent[root(name)] = root(node.output[0])

    def group(name, channels):
        if root(name) not in drawn:
            drawn[root(name)] = random.permutation(np.arange(channels) % count)
        return drawn[root(name)]

    return group


def prune_channels(path, share, grouped):
    """Of the kernels of every convolution but the first keeps so many of a hundred: those within groups of channels, or drawn."""
    model, random = onnx.load(path), np.random.default_rng(2)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    group = groups_of(model, 100 // (100 - share))
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        tensor = weights[node.input[1]]
        values = numpy_helper.to_array(tensor)
        out, into = values.shape[:2]
        if into == 3:
            continue
        if grouped:
            kept = group(node.output[0], out)[:, None] == group(node.input[0], into)[None, :]
        else:
            kept = random.random((out, into)) < 1 - share / 100
        tensor.CopyFrom(numpy_helper.from_array(values * kept[:, :, None, None].astype(np.float32), tensor.name))
    onnx.save(model, path)


def target(parts):
    devices = [{"name": f"cpu{i}", "kind": "cpu", "memory": "16GiB", "flops": {"default": "75G"}, "memory_bandwidth": "13GB/s"}
               for i in range(parts)]
    links = [{"from": f"cpu{i}", "to": "switch", "bandwidth": "10GB/s", "latency_us": 5} for i in range(parts)]
    return {"schema": "allot.target/1", "name": "cpus", "devices": devices, "topology": {"switches": ["switch"], "links": links}}


def words(build, path, folder):
    """Lines of what several devices would exchange."""
    for parts in (2, 4, 8):
        (folder / "cpus.json").write_text(json.dumps(target(parts)))
        subprocess.run([build / "allot", path, f"--sparse={parts}", f"--target={folder}/cpus.json", "--emit=plan", "-o", folder / "out"],
                       check=True, capture_output=True)
        rows = json.load(open(folder / "out/plan.json"))["rows"]
        yield [parts, rows["words"], rows["random_words"], rows["cyclic_words"], f"{100 * rows['imbalance']:.1f} %",
               "yes" if rows["divided"] else "does not pay"]


def mlp(path):
    """784 -> 2048 -> 2048 -> 2048 -> 10, dense."""
    random, nodes, weights, x, sizes = np.random.default_rng(1), [], [], "x", [784, 2048, 2048, 2048, 10]
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        weights.append(numpy_helper.from_array((random.standard_normal((b, a)) * (2 / a) ** 0.5).astype(np.float32), f"w{i}"))
        weights.append(numpy_helper.from_array(np.zeros(b, np.float32), f"b{i}"))
        nodes.append(onnx.helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], [f"z{i}"], name=f"fc{i}", transB=1))
        nodes.append(onnx.helper.make_node("Relu", [f"z{i}"], [f"x{i}"], name=f"relu{i}"))
        x = f"x{i}"
    graph = onnx.helper.make_graph(nodes, "mlp", [onnx.helper.make_tensor_value_info("x", 1, ["batch", 784])],
                                   [onnx.helper.make_tensor_value_info(x, 1, ["batch", 10])], weights)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)


def milliseconds(path, batch):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options)
    entry = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else batch for size in entry.shape]
    feeds = {entry.name: np.random.default_rng(0).random(shape, dtype=np.float32)}
    times = []
    for _ in range(14):
        start = time.thread_time()
        session.run(None, feeds)
        times.append(time.thread_time() - start)
    return 1000 * sorted(times[3:])[5]


def layouts(build, folder, batches):
    """Lines of both layouts of RadiX-Net's activations, in turns, in as many pieces as --sparse=auto takes."""
    path = folder / "net.onnx"
    subprocess.run([build / "allot-make-model", "radixnet:N=1024,layers=12,weights=random", path], check=True, capture_output=True)
    for batch in batches:
        common = [build / "allot", path, f"--target={folder}/core.json", f"--dim=batch={batch}", "--emit=annotated,plan"]
        subprocess.run([*common, "--sparse=auto", "-o", folder / "auto"], check=True, capture_output=True)
        parts = json.load(open(folder / "auto/plan.json"))["rows"]["parts"]
        times = {"neurons": [], "batch": []}
        for layout in times:
            pieces = f"divide-rows{{parts={parts} exchange=whole force=true layout={layout}}}"
            subprocess.run([*common, f"--pass-pipeline=infer-shapes,{pieces},infer-shapes,dead-nodes,place-default", "-o", folder / layout],
                           check=True, capture_output=True)
        for _ in range(5):
            for layout, taken in times.items():
                taken.append(milliseconds(folder / layout / "model.annotated.onnx", batch))
        yield [batch, parts, *(f"{min(taken):.2f}" for taken in times.values())]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--batches", default="1,64,256")
    arguments.add_argument("--layouts", action="store_true", help="neurons first and batch first, nothing else")
    arguments.add_argument("--only", default="", help="networks whose name has this")
    given = arguments.parse_args()
    if given.layouts:
        print("| batch | pieces | neurons first ms | batch first ms |")
        print("| ---: | ---: | ---: | ---: |")
        with tempfile.TemporaryDirectory() as scratch:
            (pathlib.Path(scratch) / "core.json").write_text(json.dumps(TARGET))
            for line in layouts(given.build, pathlib.Path(scratch), map(int, given.batches.split(","))):
                print("| " + " | ".join(map(str, line)) + " |", flush=True)
        return
    make = lambda network: lambda path: subprocess.run([given.build / "allot-make-model", network, path], check=True, capture_output=True)
    networks = {
        "RadiX-Net N=1024, 12 layers": (make("radixnet:N=1024,layers=12,weights=random"), 0),
        "16 x 16 blocks N=1024, 12 layers": (make("block-sparse:N=1024,layers=12,weights=random"), 0),
        "random rows N=1024, 12 layers": (make("random-rows:N=1024,layers=12,weights=random"), 0),
        "MLP, 90 % pruned": (mlp, 90),
        "ResNet-50, 90 % pruned": (make("resnet-50"), 90),
        "ResNet-50, 90 % of kernels, drawn": (lambda path: (make("resnet-50")(path), prune_channels(path, 90, False)), 0),
        "ResNet-50, ten groups of channels": (lambda path: (make("resnet-50")(path), prune_channels(path, 90, True)), 0),
        "small residual network, 4 groups": (make("sparse-resnet:channels=128,image=32,groups=4,cross=1"), 0),
    }
    networks = {name: how for name, how in networks.items() if given.only in name}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        print("| network | parts | words | random | cyclic | imbalance | divided |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
        for name, (build, share) in networks.items():
            if "resid" not in name and "ResNet" not in name:
                continue
            build(folder / "net.onnx")
            if share:
                prune(folder / "net.onnx", share)
            for line in words(given.build, folder / "net.onnx", folder):
                print("| " + " | ".join(map(str, [name, *line])) + " |", flush=True)
    print("\n| network | batch | whole ms | MB | pieces | packed ms | MB | faster |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "core.json").write_text(json.dumps(TARGET))
        for name, (build, share) in networks.items():
            path = folder / "net.onnx"
            build(path)
            if share:
                prune(path, share)
            for batch in map(int, given.batches.split(",")):
                if ("ResNet" in name or "resid" in name) and batch > 1:
                    continue  # their batch is 1
                subprocess.run([given.build / "allot", path, "--sparse=auto", f"--target={folder}/core.json", f"--dim=batch={batch}",
                                "--emit=annotated,plan", "-o", folder / "out"], check=True, capture_output=True)
                rows = json.load(open(folder / "out/plan.json")).get("rows", {"divided": False})
                whole = milliseconds(path, batch)
                line = [name, batch, f"{whole:.2f}", f"{path.stat().st_size / 1e6:.1f}"]
                if rows["divided"]:
                    packed = folder / "out/model.annotated.onnx"
                    took = milliseconds(packed, batch)
                    line += [rows["parts"], f"{took:.2f}", f"{packed.stat().st_size / 1e6:.1f}", f"{whole / took:.1f}"]
                else:
                    line += ["does not pay", "", "", ""]
                print("| " + " | ".join(map(str, line)) + " |", flush=True)


if __name__ == "__main__":
    main()
