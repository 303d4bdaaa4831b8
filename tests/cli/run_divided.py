"""A divided model against the model: the combined one in one session, and part by part as the manifest says.

Arguments: the model, the output folder, `exact` or `close`. Outputs must be neither all zero nor saturated at 32.
"""
import json
import sys

import numpy as np
import onnxruntime as ort

model, folder, how = sys.argv[1:]
options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
session = ort.InferenceSession(model, options)
random = np.random.default_rng(0)
feeds = {}
for entry in session.get_inputs():
    shape = [size if isinstance(size, int) else 4 for size in entry.shape]
    values = random.random(shape) < 0.35 if len(shape) == 2 else random.standard_normal(shape)
    feeds[entry.name] = values.astype(np.float32)
names = [entry.name for entry in session.get_outputs()]
expected = dict(zip(names, session.run(names, feeds)))

combined = ort.InferenceSession(f"{folder}/model.annotated.onnx", options)
found = [dict(zip(names, combined.run(names, feeds)))]



def words(value):
    """For one sample: matrices may lie either way."""
    return value.size // samples


manifest = json.load(open(f"{folder}/manifest.json"))
samples = len(next(iter(feeds.values())))
tensors = dict(feeds)
holders = {name: None for name in feeds}
received = {}
for part in manifest["parts"]:
    for name in part["inputs"]:
        # Of rows alone: what is not divided may be anywhere, and is no word of the division.
        if holders[name] not in (None, part["device"]) and name.startswith("rows.p"):
            received[name, part["device"]] = words(tensors[name])
    piece = ort.InferenceSession(f"{folder}/{part['file']}", options)
    results = piece.run(part["outputs"], {name: tensors[name] for name in part["inputs"]})
    for name, value in zip(part["outputs"], results):
        tensors[name], holders[name] = value, part["device"]
found.append({name: tensors[name] for name in names})

rows = json.load(open(f"{folder}/plan.json"))["rows"]
if rows["exchange"] == "parts":
    moved = sum(received.values())
    assert moved == rows["words"] + rows["gathered_words"], (moved, rows["words"])
for values in found:
    for name in names:
        a, b = expected[name], values[name]
        assert 0.1 < (a != 0).mean() and (a >= 32).mean() < 0.1, "outputs say nothing"
        if how == "exact":
            assert np.array_equal(a, b), f"{name}: {np.abs(a - b).max()}"
        else:
            assert np.allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(a).max()), np.abs(a - b).max()
