"""Allot's types of results against the values that ONNX's backend tests expect, and against what ONNX's newest inference says.

Nothing that Allot infers may contradict either. What it leaves unknown is counted.
"""
import collections
import os
import subprocess
import tempfile

import onnx

import cases
import types_of as types


# ONNX's own inference is wrong here; the values that the backend tests expect are as Allot infers.
def onnx_is_wrong(op_type, node, symbolic):
    # It takes `onesided` for 0 where it is left out; the specification and the reference say 1.
    if op_type == "STFT":
        return not any(a.name == "onesided" for a in node.attribute)
    # It takes a symbol for 0 where it adds or multiplies.
    return op_type == "Attention" and symbolic


class Allot:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def outputs(self, name, model):
        """(types of the outputs, warnings); raises RuntimeError with what Allot said."""
        path = os.path.join(self.folder, name + ".onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        ran = subprocess.run([self.program, path, "--infer-shapes"], capture_output=True, text=True)
        os.remove(path)
        if ran.returncode != 0:
            raise RuntimeError(ran.stderr.strip() or f"status {ran.returncode}")
        return types.of_text(ran.stdout), ran.stderr


def onnx_outputs(model):
    """The types that ONNX infers, None where it refuses."""
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:
        return [None] * len(model.graph.output)
    return [types.of_onnx(output.type) for output in inferred.graph.output]


def opsets_of(model):
    """The version of the case and every later one at which all its operators of ai.onnx still exist."""
    own = [o for o in model.opset_import if o.domain in ("", "ai.onnx")]
    if not own or model.functions:
        return [None]
    newest = onnx.defs.onnx_opset_version()
    versions = [own[0].version]
    nodes = [n for n in model.graph.node if n.domain in ("", "ai.onnx")]
    for version in range(own[0].version + 1, newest + 1):
        try:
            schemas = [onnx.defs.get_schema(n.op_type, version, "") for n in nodes]
        except Exception:
            break
        # Attributes that became operands end the range.
        if any(a.name not in s.attributes for n, s in zip(nodes, schemas) for a in n.attribute):
            break
        if any(s.deprecated or len(n.input) < s.min_input for n, s in zip(nodes, schemas)):
            break
        versions.append(version)
    return versions


def at_version(model, version):
    if version is None:
        return model
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    for entry in copied.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = version
    return copied


def check(case, allot, every_opset):
    """Lines of what is wrong, and counts of what is not known."""
    wrong, counts = [], collections.Counter()
    expected = [types.of_value(value, output.type) for value, output in zip(case.outputs, case.model.graph.output)]
    versions = opsets_of(case.model)
    for name, model, sizes in cases.variants(case):
        node = model.graph.node[0]
        for version in versions if every_opset else versions[:1]:
            place = f"{case.name} {name}" + (f" opset {version}" if version else "")
            variant = at_version(model, version)
            counts["models"] += 1
            try:
                inferred, said = allot.outputs(f"{case.name}.{name}.{version}", variant)
            except RuntimeError as error:
                wrong.append(f"{place}: refused: {error}")
                continue
            theirs = onnx_outputs(variant)
            for i, mine in enumerate(inferred):
                why = types.contradiction(mine, expected[i], sizes) if version == versions[0] else None
                if why:
                    wrong.append(f"{place}: output {i}: {why}")
                if onnx_is_wrong(node.op_type, node, bool(sizes)):
                    continue
                why = types.contradiction(mine, theirs[i], sizes)
                if why:
                    wrong.append(f"{place}: output {i}: {why} by ONNX's inference")
                lacking = types.lacks(mine, theirs[i])
                if lacking:
                    counts[f"{lacking} that ONNX knows"] += 1
                    counts["details", f"{place}: output {i}: no {lacking}: {mine} {theirs[i]}"] += 1
                counts["outputs"] += 1
            if version == versions[0] and "ONNX forbids" in said:
                wrong.append(f"{place}: {said.strip()}")
            if "warning: inputs have no type" in said:
                wrong.append(f"{place}: the warning names no operator")
    return wrong, counts


def check_all(chosen, allot_opt, every_opset, pool):
    """(counts, lines of what is wrong, lines of what ONNX knows and Allot does not)."""
    total, wrong = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        allot = Allot(allot_opt, folder)
        for lines, counts in pool.map(lambda case: check(case, allot, every_opset), chosen):
            wrong += lines
            total += counts
    details = [key[1] for key in total if isinstance(key, tuple)]
    return collections.Counter({key: n for key, n in total.items() if isinstance(key, str)}), wrong, details
