"""OpenVINO's HETERO device takes our devices of operations by the lines of docs/handoff-openvino.md. GPU.0 is played by a second
instance of the CPU's plugin, for there is no other device; the plan, the affinities and the cut are those of two devices."""
import json
import os

import numpy
import onnxruntime
import openvino
from place import ROOT, example, expect, main, placed_nodes, row
from sample_inputs import sample_inputs

SECOND = 'CPU_AS_GPU'
TOLERANCE = 1e-5
PlainCore = openvino.Core


class TwoDevices(PlainCore):
    """As openvino.Core, with a second device; numbers in float32, as those they are compared with."""

    def __init__(self):
        super().__init__()
        self.register_plugin('openvino_intel_cpu_plugin', SECOND)

    def compile_model(self, model, device):
        return super().compile_model(model, device, {'INFERENCE_PRECISION_HINT': 'f32'})


def play_gpu(folder):
    for name in ['device', 'operations.json', 'affinities.json']:
        path = folder / 'openvino' / name
        path.write_text(path.read_text().replace('GPU.0', SECOND))


def worst_difference(found, expected):
    worst = 0.0
    for one, other in zip(found, expected):
        expect(one.shape == other.shape, f'an output of shape {one.shape} where {other.shape} was expected')
        if other.size:
            scale = max(1e-6, float(numpy.abs(other.astype(numpy.float64)).max()))
            worst = max(worst, float(numpy.abs(one.astype(numpy.float64) - other).max()) / scale)
    return worst


def misplaced(compiled_from, operations):
    """Convolutions and products that the lines put elsewhere than the node that they belong to."""
    wrong = []
    for op in compiled_from.get_ops():
        users = [input.get_node() for output in op.outputs() for input in output.get_target_inputs()]
        if op.get_type_name() not in ('Convolution', 'MatMul') or op.get_friendly_name() in operations or not users:
            continue
        owner = operations.get(users[0].get_friendly_name())
        if owner and op.get_rt_info()['affinity'].value != owner:
            wrong.append(op.get_friendly_name())
    return wrong


def by_samples(folder, model):
    """How many submodels HETERO makes by what samples read."""
    core = TwoDevices()
    read = core.read_model(model)
    affinities = json.loads((folder / 'openvino/affinities.json').read_text())
    device = (folder / 'openvino/device').read_text().strip()
    for op in read.get_ops():
        op.get_rt_info()['affinity'] = affinities.get(op.get_friendly_name(), device.rsplit(',')[-1])
    return core.compile_model(read, device).get_property('HETERO_NUMBER_OF_SUBMODELS')


def run_one(place, model):
    """(submodels, parts) of a model that was run and compared."""
    target = 'cpu-gpu' if model.stem == 'googlenet' else place.scattered('openvino')
    folder = place.plan(model, target, '--objective=throughput', '--simplify=0', '--emit=openvino,plan')
    play_gpu(folder)
    names = {'ov': openvino}
    trial = place.scratch / f'try-{model.stem}'
    trial.mkdir()
    os.link(model, trial / 'model.onnx')
    for data in model.parent.glob('*.bin'):
        os.link(data, trial / data.name)  # not behind links, for security
    (trial / 'out').symlink_to(folder)
    os.chdir(trial)
    openvino.Core = TwoDevices
    exec(example('handoff-openvino.md', containing='get_ordered_ops'), names)
    openvino.Core = PlainCore
    compiled, operations = names['compiled'], names['operations']
    expect(not misplaced(names['model'], operations), f"{model.name}: {misplaced(names['model'], operations)}")
    session = onnxruntime.InferenceSession(str(model), providers=['CPUExecutionProvider'])
    feeds = sample_inputs(session, {'seq': 5})
    known = {name for port in compiled.inputs for name in port.names}
    found = compiled({name: value for name, value in feeds.items() if name in known})
    error = worst_difference(list(found.values()), session.run(None, feeds))
    expect(error < TOLERANCE, f'{model.name}: outputs differ by {error:.1e}')
    parts = len(json.loads((folder / 'plan.json').read_text())['parts'])
    return compiled.get_property('HETERO_NUMBER_OF_SUBMODELS'), parts, folder


def rows(place):
    version = openvino.__version__.split('-')[0]
    ran, unread, several = [], [], 0
    for model in place.models:
        try:
            PlainCore().compile_model(PlainCore().read_model(model), 'CPU')
        except RuntimeError:
            unread.append(model.stem)
            continue
        submodels, parts, folder = run_one(place, model)
        several += parts > 1
        ran.append(model.stem)
        if model.stem == 'googlenet':
            counts = (parts, submodels, by_samples(folder, model))
    missing = [model.stem for model in place.models if not everything_on_cpu(place, model) and model.stem not in unread]
    return [
        row('OpenVINO, HETERO', version,
            f'{len(ran)} models on two devices by the lines of handoff-openvino.md, the GPU played by a second instance of the CPU plugin',
            f'all run, {several} in several parts; outputs within {TOLERANCE:.0e} of ONNX Runtime\'s; GoogLeNet in {counts[0]} parts is '
            f'{counts[1]} submodels ({counts[2]} by the samples\' file)'),
        row('OpenVINO, devices', version, 'plug-ins of the wheel; `query_model` on `CPU` against the plans\' nodes on the CPU',
            f"devices here: {', '.join(PlainCore().available_devices)}; it takes every such node of {len(place.models) - len(unread) - len(missing)} "
            f"of {len(place.models) - len(unread)} models; it does not read {', '.join(unread) or 'none'}")]


def everything_on_cpu(place, model):
    """Whether OpenVINO's CPU takes all that a plan has on a CPU."""
    core = PlainCore()
    try:
        read = core.read_model(model)
    except RuntimeError:
        return False
    folder = place.plan(model, 'cpu-gpu', '--emit=plan', folder=place.scratch / f'query-{model.stem}')
    takes = core.query_model(read, 'CPU')
    there = {op.get_friendly_name() for op in read.get_ops()}
    return all(name in takes for name, device in placed_nodes(folder).items() if device == 'cpu0' and name in there)


if __name__ == '__main__':
    main(rows)
