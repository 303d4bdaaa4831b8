"""How fast models with sparse weights are in ONNX Runtime before and after packing on one device, on one core.

Median processor time of one inference. Networks: RadiX-Net, random rows, a sparse MLP that was pruned by magnitude, and
ResNet-50 pruned alike, which has no layer that is divided but its classifier.
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
          "devices": [{"name": "cpu0", "kind": "cpu", "memory": "16GiB", "flops": {"default": "75G"},
                       "memory_bandwidth": "13GB/s", "op_cost_us": 3}], "topology": {"links": []}}


def prune(path, share):
    """Sets the smallest weights of every matrix to zero, so many of a hundred."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim >= 2 and values.dtype == np.float32:
            limit = np.quantile(np.abs(values), share / 100)
            tensor.CopyFrom(numpy_helper.from_array(np.where(np.abs(values) <= limit, 0, values).astype(np.float32), tensor.name))
    onnx.save(model, path)


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


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--batches", default="1,64,256")
    given = arguments.parse_args()
    make = lambda network: lambda path: subprocess.run([given.build / "allot-make-model", network, path], check=True, capture_output=True)
    networks = {
        "RadiX-Net N=1024, 12 layers": (make("radixnet:N=1024,layers=12,weights=random"), 0),
        "16 x 16 blocks N=1024, 12 layers": (make("block-sparse:N=1024,layers=12,weights=random"), 0),
        "random rows N=1024, 12 layers": (make("random-rows:N=1024,layers=12,weights=random"), 0),
        "MLP, 90 % pruned": (mlp, 90),
        "ResNet-50, 90 % pruned": (make("resnet-50"), 90),
    }
    print("| network | batch | whole ms | MB | pieces | packed ms | MB | faster |")
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
                if "ResNet" in name and batch > 1:
                    continue  # its batch is 1
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
