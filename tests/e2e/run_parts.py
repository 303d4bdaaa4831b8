"""Runs the parts of a manifest in ONNX Runtime, one after the other, and the model they come from on the same seeded inputs. Also
loads the annotated model with the manifest's session options. Shares no code with the runner."""

import json
import math
import os

os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')

import numpy  # noqa: E402
import onnxruntime  # noqa: E402

TYPES = {'tensor(float)': 'float32', 'tensor(int64)': 'int64', 'tensor(bool)': 'bool'}


def _numbers(name, count):
    """The same on every machine: xorshift of the tensor's name."""
    state, mask = 2463534242, 0xFFFFFFFF
    for char in name:
        state = (state * 31 + ord(char)) & mask or 1
    found = numpy.empty(count)
    for i in range(count):
        state ^= state << 13 & mask
        state ^= state >> 17
        state ^= state << 5 & mask
        found[i] = state / 4294967296
    return found


def make_input(value, sizes):
    """Values for an input of a session."""
    dims = [size if isinstance(size, int) else sizes.get(size, 2) for size in value.shape]
    numbers, kind = _numbers(value.name, math.prod(dims)).reshape(dims), TYPES[value.type]
    return numpy.asarray({'float32': numbers * 4 - 2, 'int64': numpy.floor(numbers * 8), 'bool': numbers >= 0.5}[kind], kind)


def _differs(got, want):
    if not isinstance(got, numpy.ndarray):
        return 'missing'
    if got.dtype != want.dtype or got.shape != want.shape:
        return f'{got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}'
    if got.dtype == object:
        return None if got.tolist() == want.tolist() else f'{got.tolist()} instead of {want.tolist()}'
    return None if got.tobytes() == want.tobytes() else f'element {numpy.flatnonzero(got.reshape(-1) != want.reshape(-1))[:1]}'


def session_of(path, severity=3, config=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = severity
    for key, value in (config or {}).items():
        options.add_session_config_entry(key, str(value))
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def check_folder(model, folder, sizes=None):
    """None if all outputs are bitwise equal, else what is wrong."""
    manifest = json.loads((folder / 'manifest.json').read_text())
    if os.path.realpath(folder / manifest['model']) != os.path.realpath(model):
        return f"manifest names the model {manifest['model']}"
    whole = session_of(model)
    feeds = {value.name: make_input(value, sizes or {'seq': 5}) for value in whole.get_inputs()}
    names = [value.name for value in whole.get_outputs()]
    expected = dict(zip(names, whole.run(names, feeds)))
    values, waiting = dict(feeds), list(manifest['parts'])
    while waiting:
        part = next((part for part in waiting if all(name in values for name in part['inputs'])), None)
        if part is None:
            return f"parts wait for each other: {[part['id'] for part in waiting]}"
        waiting.remove(part)
        session = session_of(folder / part['file'])
        given = {value.name for value in session.get_outputs()}
        lacking = [name for name in part['outputs'] if name not in given]
        if lacking:
            return f"{part['file']} does not give {lacking[0]}"
        values.update(zip(part['outputs'], session.run(part['outputs'], {name: values[name] for name in part['inputs']})))
    annotated = session_of(folder / 'model.annotated.onnx', 4, manifest.get('onnxruntime', {}).get('session_options'))
    again = dict(zip(names, annotated.run(names, feeds)))
    for what, found in (('', values), ('annotated model, ', again)):
        for name in manifest['outputs']:
            why = _differs(found.get(name), expected[name])
            if why:
                return f'{what}output {name}: {why}'
    return None
