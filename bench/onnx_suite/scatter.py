"""The node cases of ONNX's backend tests, scattered over three devices and run in ONNX Runtime.

Each model gets an Identity before every input and behind every output; its nodes go to the devices in turn. Where ONNX Runtime
runs the whole model, the parts must load and give the same bits, all optimisations off.
"""
import collections
import concurrent.futures
import copy
import ctypes
import json
import os
import shutil
import subprocess
import tempfile

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy
import onnx
import onnxruntime

import cases

# Every run of these gives other numbers.
RANDOM = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
PINS = [f"--pin=c{i}_.*=c{i}" for i in range(3)]


def scattered(model, wrapped):
    """`model` with nodes named after their devices; `wrapped`: an Identity around every tensor that goes in or out."""
    made = copy.deepcopy(model)
    graph = made.graph
    for i, node in enumerate(graph.node):
        node.name = f"c{(i + 1) % 3}_n{i}"
    if not wrapped:
        return made
    nodes = []
    for i, value in enumerate(graph.input):
        if value.type.HasField("tensor_type"):
            nodes.append(onnx.helper.make_node("Identity", [value.name + "__in"], [value.name], f"c0_in{i}"))
            value.name += "__in"
    nodes += graph.node
    for i, value in enumerate(graph.output):
        nodes.append(onnx.helper.make_node("Identity", [value.name], [value.name + "__out"], f"c2_out{i}"))
        value.name += "__out"
    del graph.node[:]
    graph.node.extend(nodes)
    return made


def to_ort(value, graph_input):
    """A value of a test case as ONNX Runtime takes it."""
    if not graph_input.type.HasField("tensor_type"):
        return [cases.array_of(one) for one in value] if isinstance(value, (list, tuple)) else value
    element = graph_input.type.tensor_type.elem_type
    array = cases.array_of(value)
    if element == onnx.TensorProto.STRING:
        return array.astype(object)
    if array.dtype.isbuiltin != 1:  # of an extension of NumPy
        raw = numpy.array(array).view(numpy.uint8 if array.dtype.itemsize == 1 else numpy.uint16)
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(raw, element)
    return onnxruntime.OrtValue.ortvalue_from_numpy(numpy.array(array))


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run(path, values, names=None):
    """Outputs by name; `values` by name, of which it takes what it needs."""
    session = session_of(path)
    feeds = {value.name: values[value.name] for value in session.get_inputs() if values.get(value.name) is not None}
    names = names or [value.name for value in session.get_outputs()]
    plain = all("string" not in value.type and value.type.startswith("tensor")
                for value in [*session.get_inputs(), *session.get_outputs()])
    if plain and all(isinstance(value, onnxruntime.OrtValue) for value in feeds.values()):
        # Kept in ONNX Runtime's own form, which has types that NumPy lacks.
        return dict(zip(names, session.run_with_ort_values(names, feeds)))
    feeds = {name: value.numpy() if isinstance(value, onnxruntime.OrtValue) else value for name, value in feeds.items()}
    return dict(zip(names, session.run(names, feeds)))


def bits(value):
    """What two equal values have in common."""
    if isinstance(value, onnxruntime.OrtValue):
        data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes()) if value.shape() != [0] else b""
        return value.element_type(), list(value.shape()), data
    if isinstance(value, list):
        return [bits(one) for one in value]
    if value is None or isinstance(value, dict):
        return repr(value)
    array = numpy.ascontiguousarray(value)
    data = array.tolist() if array.dtype == object else array.tobytes()
    return (onnx.TensorProto.STRING if array.dtype.kind in "OU" else onnx.helper.np_dtype_to_tensor_dtype(array.dtype),
            list(numpy.shape(value)), data)


def equal(given, wanted, tolerance):
    """Whether two results of bits are equal: all of them, or, with a tolerance, floats up to it."""
    if given == wanted:
        return True
    if tolerance == 0 or isinstance(given, str) or isinstance(wanted, str) or len(given) != len(wanted):
        return False
    if isinstance(given, list):
        return all(equal(mine, theirs, tolerance) for mine, theirs in zip(given, wanted))
    kind = onnx.helper.tensor_dtype_to_np_dtype(given[0])
    if given[:2] != wanted[:2] or kind.kind != "f":
        return False
    mine, theirs = (numpy.frombuffer(data, kind).astype(float) for data in (given[2], wanted[2]))
    return bool(numpy.allclose(mine, theirs, tolerance, tolerance, equal_nan=True))


class Tried:
    """One model, planned and compared."""

    def __init__(self, case, place, folder, allot, wrapped=True):
        self.case, self.place, self.allot, self.wrapped = case, place, allot, wrapped
        self.folder = os.path.join(folder, place + ("" if wrapped else ".bare"))
        self.model = os.path.join(self.folder, "model.onnx")
        self.refused = None  # what Allot said to the pins
        self.error = None

    def plan(self, model):
        """Plans the model with pins, or where they clash without. Called from several threads."""
        os.makedirs(self.folder)
        onnx.save(scattered(model, self.wrapped), self.model)
        target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "target.json")
        command = [self.allot, self.model, f"--target={target}", "-o", self.folder + "/out", "--emit=parts,manifest"]
        pinned = subprocess.run(command + PINS, capture_output=True, text=True)
        if pinned.returncode == 0:
            return self
        self.refused = pinned.stderr.strip().replace(self.folder, "")
        free = subprocess.run(command, capture_output=True, text=True)
        if free.returncode != 0:
            self.error = free.stderr.strip()
        return self

    def feeds(self):
        """New ones for each run: ONNX Runtime computes in place what it is fed."""
        inputs = {value.name for value in onnx.load(self.model).graph.input}
        values = {}
        for graph_input, value in zip(self.case.model.graph.input, self.case.inputs):
            for name in (graph_input.name, graph_input.name + "__in"):
                if name in inputs:
                    values[name] = to_ort(value, graph_input)
        return values

    def has_float16(self):
        """Between neighbouring operators ONNX Runtime keeps float32 there, and a cut rounds."""
        return any(value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16
                   for value in [*self.case.model.graph.input, *self.case.model.graph.output])

    def compare(self):
        """(what is wrong or None, why ONNX Runtime does not run the model or None)."""
        try:
            wanted = {name: bits(value) for name, value in run(self.model, self.feeds()).items()}
        except Exception as error:
            return None, str(error)
        # In the order of the model's outputs.
        for given, expected in zip(wanted.values(), self.case.outputs):
            if isinstance(given, tuple) and given[1] != list(cases.array_of(expected).shape):
                return None, f"{given[1]} is not what ONNX expects"
        values = self.feeds()
        with open(self.folder + "/out/manifest.json") as file:
            manifest = json.load(file)
        waiting = list(manifest["parts"])
        while waiting:
            ready = [part for part in waiting if all(name in values for name in part["inputs"])]
            if not ready:
                return "parts wait for each other", None
            waiting.remove(ready[0])
            try:
                values.update(run(os.path.join(self.folder, "out", ready[0]["file"]), values, ready[0]["outputs"]))
            except Exception as error:
                return f"{ready[0]['file']}: {error}", None
        for name in manifest["outputs"]:
            if not equal(bits(values[name]), wanted[name], 1e-2 if self.has_float16() else 0):
                return f"output {name} differs", None
        return None, None


def compare_all(chosen, allot, names, pool):
    """(counts, lines of what is wrong, lines of what was refused) of the variants `names` of the cases."""
    counts, wrong, details = collections.Counter(), [], []
    with tempfile.TemporaryDirectory() as folder:
        def planned():
            """Plans are made a little ahead of their runs, so that few are on disk at once."""
            queue = collections.deque()
            for case in chosen:
                for name, model, _ in cases.variants(case, keep_bodies=True):
                    if name in names:
                        tried = Tried(case, f"{case.name}.{name}", folder, allot)
                        queue.append((case, name, model, pool.submit(tried.plan, model)))
                    if len(queue) > 16:
                        yield queue.popleft()
            yield from queue

        for case, name, model, future in planned():
            tried = future.result()
            counts["models"] += 1
            if tried.error:
                wrong.append(f"{tried.place}: not planned: {tried.error}")
                continue
            if any(node.op_type in RANDOM for node in case.model.graph.node):
                counts["random, planned only"] += 1
                continue
            why, unsupported = tried.compare()
            if unsupported:
                # Perhaps it is only Identity that ONNX Runtime does not have for these types.
                bare = Tried(case, tried.place, folder, allot, wrapped=False).plan(model)
                if bare.error:
                    wrong.append(f"{tried.place}: not planned: {bare.error}")
                    continue
                tried, (why, unsupported) = bare, bare.compare()
            if tried.refused and not unsupported:
                counts["not cut as asked for"] += 1
                details.append(f"{tried.place}: {tried.refused}")
            if unsupported:
                counts["not run by ONNX Runtime"] += 1
                details.append(f"{tried.place}: {unsupported}")
            elif why:
                wrong.append(f"{tried.place}: {why}")
            else:
                counts["equal bit for bit"] += 1
            shutil.rmtree(tried.folder)
    return counts, wrong, details
