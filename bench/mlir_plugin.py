"""Plans of mlir-opt with Allot's plug-in beside those of allot: see mlir_plugin.sh."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TARGET, OBJECTIVE = "cpu-2gpu", "throughput"
OPERATION = re.compile(r'^ {4}(?:%[\w:]+ = )?"([\w.]+)"\(.*?\)(?: <\{name = "([\w.]+)"\}>)?(.*)$')
DEVICE = re.compile(r'place\.device = "([^"]*)"')
NO_NODES = {"onnx.Initializer", "onnx.Input", "onnx.NoValue", "onnx.Return", "onnx.Captures",
            "torch.constant.none", "func.return"}


def run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}: status {result.returncode}\n{result.stderr}")
    return result.stdout


def best_seconds(command, runs):
    best = None
    for _ in range(runs):
        start = time.perf_counter()
        run(command)
        seconds = time.perf_counter() - start
        best = seconds if best is None else min(best, seconds)
    return best


def devices_of_plan(folder):
    """(operator, device) of each node that has one, in order. Others travel with their users."""
    nodes = json.loads((folder / "plan.json").read_text())["nodes"]
    return [(node["op_type"], node["device"]) for node in nodes if node["op_type"] != "Constant" and "device" in node]


def operations_of(text):
    """The same of the operations of a printed model; those inside other operations stand deeper."""
    found = []
    for line in text.splitlines():
        match = OPERATION.match(line)
        # The attributes of an operation with bodies stand behind these, at its own depth.
        closed = re.match(r'^ {4}\}\) (\{.*)$', line)
        if closed and found:
            device = DEVICE.search(closed[1])
            if device:
                found[-1] = (found[-1][0], device[1])
        if not match:
            continue
        name = match[2] or match[1]
        if match[1] in NO_NODES or name == "onnx.Constant":
            continue
        device = DEVICE.search(match[3])
        found.append((name.removeprefix("onnx.").split(".")[-1], device[1] if device else None))
    return [one for one in found if one[1] is not None]


def differing(expected, found):
    return abs(len(expected) - len(found)) + sum(a != b for a, b in zip(expected, found))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mlir-opt", default="mlir-opt-19")
    parser.add_argument("--iree-import")
    parser.add_argument("--iree-opt")
    arguments = parser.parse_args()
    models = []
    for path in arguments.models:
        models += sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    if not models:
        sys.exit("error: there are no models")
    plugin = arguments.build / "libAllotMlir.so"
    if not plugin.exists():
        sys.exit(f"error: there is no {plugin}: it is built where libmlir-19-dev is installed")
    place = f"builtin.module(allot-place{{target={TARGET} objective={OBJECTIVE}}})"
    opt = [arguments.mlir_opt, "--allow-unregistered-dialect", f"--load-pass-plugin={plugin}",
           f"--pass-pipeline={place}"]
    print(f"{'model':32} {'nodes':>6} {'own':>4} {'iree':>5} {'allot s':>8} {'mlir-opt s':>10} {'ratio':>6} {'without':>8} {'pass s':>7}")
    wrong, worst, allot_total, opt_total, pass_total = 0, 0.0, 0.0, 0.0, 0.0
    for model in models:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            text = folder / "model.mlir"
            allot = [arguments.build / "allot", model, f"--target={TARGET}", f"--objective={OBJECTIVE}", "--quiet"]
            run(allot + ["-o", folder / "plan", "--emit=plan"])
            run([arguments.build / "allot-opt", model, "-o", text])
            expected = devices_of_plan(folder / "plan")
            own = differing(expected, operations_of(run(opt + [text])))
            foreign = "-"
            if arguments.iree_import:
                run([arguments.iree_import, model, "-o", folder / "iree.mlir"])
                run([arguments.iree_opt, "--mlir-print-op-generic", folder / "iree.mlir", "-o", folder / "generic.mlir"])
                printed = run(opt + [folder / "generic.mlir"])
                foreign = differing(expected, operations_of(printed))
                wrong += foreign
            wrong += own
            allot_seconds = best_seconds(allot, arguments.runs)
            opt_seconds = best_seconds(opt + [text, "-o", os.devnull], arguments.runs)
            bare_seconds = best_seconds(opt[:2] + [text, "-o", os.devnull], arguments.runs)
            timed = subprocess.run(opt + [text, "-o", os.devnull, "--mlir-timing"], capture_output=True, text=True)
            pass_seconds = float(re.search(r"([0-9.]+) \([ 0-9.]+%\)  AllotPlace", timed.stderr)[1])
        ratio = opt_seconds / allot_seconds
        worst = max(worst, ratio)
        allot_total += allot_seconds
        opt_total += opt_seconds
        pass_total += pass_seconds
        print(f"{model.stem:32} {len(expected):6} {own:4} {foreign!s:>5} {allot_seconds:8.3f} {opt_seconds:10.3f} {ratio:6.2f} {bare_seconds:8.3f} {pass_seconds:7.3f}",
              flush=True)
    print(f"{len(models)} models, {wrong} nodes differ; mlir-opt / allot: worst {worst:.2f}, all together "
          f"{opt_total / allot_total:.2f}; the pass / allot: {pass_total / allot_total:.2f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
