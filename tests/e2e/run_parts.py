"""Runs the parts of a manifest in ONNX Runtime, one after the other, and the model they come from on the same inputs. Also loads
the annotated model with the manifest's session options."""
import json
import os

import numpy
import onnxruntime
from sample_inputs import sample_inputs


def session(path, entries=None, log_severity=3):
    """The model as it is: no optimizations, one thread."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = log_severity
    for key, value in (entries or {}).items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(os.fspath(path), options, providers=['CPUExecutionProvider'])


def run(opened, feeds):
    """{output: value}"""
    names = [one.name for one in opened.get_outputs()]
    return dict(zip(names, opened.run(names, feeds)))


def difference(found, expected):
    """What is not bitwise equal, in words; None if all is."""
    if found is None:
        return 'missing'
    if not isinstance(expected, numpy.ndarray):  # a sequence, an optional value
        return None if repr(found) == repr(expected) else 'another value'
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f'{found.dtype}{list(found.shape)} instead of {expected.dtype}{list(expected.shape)}'
    if found.tobytes() == expected.tobytes():
        return None
    flat, wanted = found.ravel(), expected.ravel()
    for index, (one, other) in enumerate(zip(flat, wanted)):
        if one.tobytes() != other.tobytes() and not (one != one and other != other):
            return f'element {index}: {one} instead of {other}'
    return None


def check_folder(model, folder, sizes=None, integers=8):
    """None if all outputs are bitwise equal, else what is wrong. Inputs are those of sample_inputs()."""
    sizes = sizes or {'seq': 5}
    manifest = json.loads((folder / 'manifest.json').read_text())
    if (folder / manifest['model']).resolve() != model.resolve():
        return f"the manifest names the model {manifest['model']}"
    whole = session(model)
    feeds = sample_inputs(whole, sizes, integers)
    expected = run(whole, feeds)

    values = dict(feeds)
    waiting = list(manifest['parts'])
    while waiting:
        ready = next((part for part in waiting if all(name in values for name in part['inputs'])), None)
        if ready is None:
            return f"parts wait for each other: {[part['id'] for part in waiting]}"
        waiting.remove(ready)
        results = run(session(folder / ready['file']), {name: values[name] for name in ready['inputs']})
        for name in ready['outputs']:
            if name not in results:
                return f"{ready['file']} does not give {name}"
            values[name] = results[name]
    for name in manifest['outputs']:
        if why := difference(values.get(name), expected[name]):
            return f'output {name}: {why}'

    entries = manifest.get('onnxruntime', {}).get('session_options', {})
    again = run(session(folder / 'model.annotated.onnx', entries, log_severity=4), feeds)
    for name in manifest['outputs']:
        if why := difference(again.get(name), expected[name]):
            return f'annotated model, output {name}: {why}'
    return None
