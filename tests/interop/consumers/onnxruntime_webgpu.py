"""ONNX Runtime with two providers, its CPU's and WebGPU's on Vulkan in software (Chromium's): by the option of the manifest, the record
has exactly those nodes on the CPU that the plan has there, and outputs are those of the model."""
import ctypes
import json
import os
import pathlib

import numpy
import onnxruntime
from place import expect, left_out, main, placed_nodes, row
from run_parts import run, session
from sample_inputs import sample_inputs

VULKAN = pathlib.Path('/usr/lib/chromium')
TOLERANCE = 1e-4
# Those of which WebGPU's provider has nearly every operator.
MODELS = ['branches', 'external', 'googlenet', 'mlp', 'two_branches']


def two_providers(path, entries):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    for key, value in {'session.record_ep_graph_assignment_info': '1', **entries}.items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(str(path), options, providers=['WebGpuExecutionProvider', 'CPUExecutionProvider'])


def on_cpu(opened):
    """The record leaves out what WebGPU's provider runs."""
    nodes = set()
    for subgraph in opened.get_provider_graph_assignment_info():
        if subgraph.ep_name == 'CPUExecutionProvider':
            nodes |= {node.name for node in subgraph.get_nodes()}
    return nodes


def run_one(place, model):
    """How many placed nodes are on the CPU by the plan, on the CPU although planned elsewhere, and on the GPU."""
    folder = place.plan(model, place.scattered('webgpu'), '--emit=annotated,manifest,plan')
    annotated = folder / 'model.annotated.onnx'
    entries = json.loads((folder / 'manifest.json').read_text())['onnxruntime']['session_options']
    placed = placed_nodes(folder)
    planned = {node for node, device in placed.items() if device == 'left'}
    lacking = on_cpu(two_providers(annotated, {})) & set(placed)  # without the option all goes to WebGPU's
    expect(planned - lacking, f'{model.name}: nothing is on the CPU for the sake of the plan')
    opened = two_providers(annotated, entries)
    recorded = on_cpu(opened) & set(placed)
    expect(recorded == planned | lacking, f'{model.name}: {sorted(recorded ^ (planned | lacking))} are not where they should be')
    whole = session(model)
    feeds = sample_inputs(whole)
    found = run(opened, feeds)
    for name, value in run(whole, feeds).items():
        error = float(numpy.abs(found[name] - value).max() / numpy.abs(value).max())
        expect(error < TOLERANCE, f'{model.name}, output {name}: differs by {error:.1e}')
    return len(planned), len(lacking - planned), len(set(placed) - planned - lacking)


def rows(place):
    if not (VULKAN / 'vk_swiftshader_icd.json').exists():
        return [left_out('ONNX Runtime, WebGPU', f'there is no Vulkan in software in {VULKAN}')]
    ctypes.CDLL(str(VULKAN / 'libvulkan.so.1'), ctypes.RTLD_GLOBAL)
    os.environ['VK_ICD_FILENAMES'] = str(VULKAN / 'vk_swiftshader_icd.json')
    counts = [run_one(place, place.model(name)) for name in MODELS]
    planned, lacking, others = (sum(numbers) for numbers in zip(*counts))
    return [row('ONNX Runtime, WebGPU', onnxruntime.__version__,
                f'the annotated files of {len(MODELS)} models in one session of two providers, WebGPU\'s on Vulkan in software and the CPU\'s',
                f'on the CPU are exactly the {planned} nodes that the plans have there and {lacking} that WebGPU\'s provider lacks; {others} are '
                f'not; outputs within {TOLERANCE:.0e}')]


if __name__ == '__main__':
    main(rows)
