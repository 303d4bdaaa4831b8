"""Models on two local devices by IREE: imported, placed, cut, compiled, run, and compared with ONNX Runtime.

usage: two_devices.py --iree=FOLDER --build=FOLDER [--mlir-opt=PROGRAM] [--dim=N] [--opset=N] [--may-fail] MODEL.onnx|FOLDER...

Each model goes three ways: by the plug-in of mlir-opt as functions with transfers between them, by the plug-in with
transfers alone, and by `allot --emit=iree`. Without mlir-opt, or without the plug-in, by the last alone. A line for each says
what became of it. Exit status 1 if an output differs, or with anything that fails; with --may-fail what IREE itself does not
take, also without Allot, is only said. --opset: raises models to that operator set first, since IREE has some operators in
their newer versions only. --dim: the size of every open dimension.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.version_converter
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE / "two_cpus.json"
DEVICES = ["--iree-execution-model=async-external", "--iree-hal-target-device=dev_a=local[0]",
           "--iree-hal-target-device=dev_b=local[1]", "--iree-hal-default-device=dev_a"]
CPU = ["--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=generic"]
ELEMENTS = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64, "tensor(int64)": numpy.int64,
            "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_}


TOLERANCE = 1e-4


class Failure(Exception):
    pass


def run(command, what):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line or "FAILED" in line or "; " in line]
        raise Failure(f"{what}: {(errors or [f'status {done.returncode}'])[0][:240]}")
    return done


def inputs_of(session, dim):
    random = numpy.random.RandomState(0)
    values = {}
    for one in session.get_inputs():
        shape = [size if isinstance(size, int) else dim for size in one.shape]
        element = ELEMENTS[one.type]
        if element in (numpy.float32, numpy.float64):
            values[one.name] = random.randn(*shape).astype(element)
        else:
            values[one.name] = random.randint(0, 2, shape).astype(element)
    return values


class Trial:
    def __init__(self, arguments, source, folder):
        self.arguments, self.folder = arguments, folder
        model = self.model = source
        self.bin = arguments.iree / "bin"
        if arguments.opset:
            model = self.model = folder / model.name
            raised = onnx.version_converter.convert_version(onnx.load(source), arguments.opset)
            onnx.save(raised, model)
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        values = inputs_of(session, arguments.dim)
        self.expected = session.run(None, values)
        self.inputs = []
        for index, value in enumerate(values.values()):
            path = folder / f"input{index}.npy"
            numpy.save(path, value)
            self.inputs.append(f"--input=@{path}")

    def imported(self):
        text = self.folder / "model.mlir"
        run([self.bin / "iree-import-onnx", self.model, "-o", text], "iree-import-onnx")
        return text

    def by_plugin(self, partition):
        generic, placed = self.folder / "generic.mlir", self.folder / "placed.mlir"
        run([self.bin / "iree-opt", "--mlir-print-op-generic", self.imported(), "-o", generic], "iree-opt")
        passes = (f"builtin.module(allot-place{{target={TARGET} objective=throughput replicas=false report=true}},"
                  f"allot-partition{{{partition}}})")
        done = run([self.arguments.mlir_opt, "--allow-unregistered-dialect",
                    f"--load-pass-plugin={self.arguments.build / 'libAllotMlir.so'}", f"--pass-pipeline={passes}",
                    generic, "-o", placed], "mlir-opt")
        report = [line.split("remark: ")[1] for line in done.stderr.splitlines() if " parts on " in line]
        return placed, self.compare(placed, []), report[0].split(", predicted")[0]

    def by_emitter(self):
        out = self.folder / "out"
        run([self.arguments.build / "allot", self.model, f"--target={TARGET}", "--objective=throughput", "--replicas=no",
             "-o", out, "--emit=iree", "--quiet", "--force"], "allot")
        weights = out / "iree/model.safetensors"
        parameters = [f"--parameters=model={weights}"] if weights.exists() else []
        return out / "iree/model.mlir", self.compare(out / "iree/model.mlir", parameters), ""

    def compile(self, text, flags):
        module = self.folder / "model.vmfb"
        run([self.bin / "iree-compile", text, *flags, *CPU, "-o", module], "iree-compile")
        return module

    def compare(self, text, parameters, flags=tuple(DEVICES), devices=2):
        """The largest difference, relative to the largest value."""
        module = self.compile(text, flags)
        function = next(line for line in text.read_text().splitlines() if "func.func @" in line).split("@")[1].split("(")[0]
        outputs = [self.folder / f"output{index}.npy" for index in range(len(self.expected))]
        run([self.bin / "iree-run-module", f"--module={module}", f"--function={function}", *["--device=local-task"] * devices,
             *parameters, *self.inputs, *[f"--output=@{path}" for path in outputs]], "iree-run-module")
        worst = 0.0
        for path, expected in zip(outputs, self.expected):
            found = numpy.load(path)
            if found.shape != expected.shape:
                raise Failure(f"an output of shape {found.shape} where {expected.shape} was expected")
            if expected.size == 0:
                continue
            scale = max(1e-6, float(numpy.max(numpy.abs(expected.astype(numpy.float64)))))
            worst = max(worst, float(numpy.max(numpy.abs(found.astype(numpy.float64) - expected))) / scale)
        return worst

    def fault_without_us(self):
        """What is wrong with the model by IREE alone, on one device; empty if nothing is."""
        try:
            error = self.compare(self.imported(), [], ["--iree-hal-target-device=local"], 1)
            return "" if error < TOLERANCE else f"difference {error:.1e}"
        except Failure as failure:
            return str(failure)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--iree", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--mlir-opt")
    parser.add_argument("--dim", type=int, default=2)
    parser.add_argument("--opset", type=int, default=0)
    parser.add_argument("--may-fail", action="store_true")
    arguments = parser.parse_args()
    models = []
    for path in arguments.models:
        models += sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    ways = [("emitter", Trial.by_emitter)]
    if arguments.mlir_opt and (arguments.build / "libAllotMlir.so").exists():
        ways = [("functions", lambda trial: trial.by_plugin("outline=true")),
                ("transfers", lambda trial: trial.by_plugin("outline=false"))] + ways
    wrong = 0
    for model in models:
        with tempfile.TemporaryDirectory() as name:
            trial = Trial(arguments, model, pathlib.Path(name))
            for way, go in ways:
                try:
                    _, error, report = go(trial)
                    fault = "" if error < TOLERANCE else f"difference {error:.1e}"
                except Failure as failure:
                    error, report, fault = 0.0, "", str(failure)
                if not fault:
                    print(f"{model.stem:28} {way:10} ok     difference {error:.1e}  {report}", flush=True)
                    continue
                alone = trial.fault_without_us()
                wrong += not (alone and arguments.may_fail)
                blame = "IREE alone" if alone else "with Allot only"
                print(f"{model.stem:28} {way:10} {blame}: {alone or fault}", flush=True)
                if alone:
                    break
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
