"""ONNX Runtime's Python package takes the annotated model by the lines of docs/handoff-onnxruntime.md, with the newest release and its
CPU provider; its own record of who runs which node names every node that the plan placed, and outputs are those of the model."""
import os

import onnx
import onnxruntime
from place import example, expect, main, placed_nodes, row
from run_parts import difference, run, session
from sample_inputs import sample_inputs

RECORD = 'session.record_ep_graph_assignment_info'


class RecordingOptions(onnxruntime.SessionOptions):
    """As the page's options, with a record; without optimizations, so that nodes stay what they are, and on one thread, so that
    sums have the bits of the model's."""

    def __init__(self):
        super().__init__()
        self.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self.intra_op_num_threads = 1
        self.log_severity_level = 4
        self.add_session_config_entry(RECORD, '1')


def recorded(opened):
    """{node: provider}"""
    return {node.name: subgraph.ep_name for subgraph in opened.get_provider_graph_assignment_info() for node in subgraph.get_nodes()}


def annotations(model):
    """{node: device} as the annotated file says, and the nodes that call a function of the model."""
    loaded = onnx.load(model, load_external_data=False)
    functions = {(function.domain, function.name) for function in loaded.functions}
    marks, calls = {}, set()
    for node in loaded.graph.node:
        for entry in node.metadata_props:
            if entry.key == 'layer_ann' and node.name:
                marks[node.name] = entry.value.split('/')[0]
        if (node.domain, node.op_type) in functions:
            calls.add(node.name)
    return marks, calls


def run_one(place, model, target, ir_version):
    """How many nodes were placed and recorded."""
    emit = 'annotated,manifest,plan'
    folder = place.plan(model, target, f'--emit={emit}', f'--emit-ir-version={ir_version}',
                        folder=place.scratch / f'{model.stem}-{ir_version}' / 'out')
    os.chdir(folder.parent)
    options, onnxruntime.SessionOptions = onnxruntime.SessionOptions, RecordingOptions
    names = {}
    exec(example('handoff-onnxruntime.md'), names)
    onnxruntime.SessionOptions = options
    placed, record = placed_nodes(folder), recorded(names['session'])
    marked, calls = annotations(folder / 'model.annotated.onnx')
    for node, device in placed.items():
        expect(marked.get(node) == device, f'{model.name}: {node} is marked {marked.get(node)}, planned on {device}')
        # Calls are gone from what is recorded: functions are taken apart before.
        expect(node in record or node in calls, f'{model.name}: {node} is not in the record')
    expect(set(record.values()) <= {'CPUExecutionProvider'}, f'{model.name}: {set(record.values())}')
    whole = session(model)
    feeds = sample_inputs(whole, {'seq': 5})
    expected, found = run(whole, feeds), run(names['session'], feeds)
    for name, value in expected.items():
        why = difference(found.get(name), value)
        expect(why is None, f'{model.name}, output {name}: {why}')
    return sum(node in record for node in placed), len(placed)


def rows(place):
    target = place.scattered('cuda')
    counts = [run_one(place, model, target, ir_version) for model in place.models for ir_version in ('keep', '11')]
    recorded_nodes, placed = (sum(numbers) for numbers in zip(*counts))
    return [row('ONNX Runtime', onnxruntime.__version__,
                f'the annotated files of {len(place.models)} models, of both IR versions, with the session option by the lines of '
                'handoff-onnxruntime.md; CPU provider',
                f'all load and give the bits of the model; the record of assignments names {recorded_nodes} of {placed} placed nodes')]


if __name__ == '__main__':
    main(rows)
