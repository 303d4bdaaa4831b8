"""A chain that starts on one device and ends on another, with wide tensors in its middle."""

import json
import subprocess

from onnx_bytes import onnx_model

ROWS, NARROW, WIDE = 24576, 24, 72  # 2.4 MB and 7.1 MB between operators
_WIDTHS = (16, NARROW, NARROW, NARROW, WIDE, NARROW, NARROW)
_FREE = 4  # the operator that makes what is wide narrow again


def chain():
    """Bytes of the model."""
    nodes, weights = [], []
    for number, (before, after) in enumerate(zip(_WIDTHS, _WIDTHS[1:])):
        weights.append((f'w{number}', before, after))
        nodes.append({'op': 'MatMul', 'inputs': [f't{number}', f'w{number}'], 'outputs': [f't{number + 1}'], 'name': f'n{number}'})
    last = len(nodes)
    return onnx_model(nodes=nodes, weights=weights, inputs=[('t0', ROWS, _WIDTHS[0])], outputs=[(f't{last}', ROWS, _WIDTHS[-1])])


def target(bandwidth, latency_us):
    """Two devices that a link of `bandwidth` joins. One operator is free: the first device has more to do than the second, so where
    links cost nothing it goes to the second, and what is widest crosses."""
    devices = [{'name': name, 'kind': 'cpu', 'memory': '4GiB', 'flops': {'default': '20G'}, 'memory_bandwidth': '5GB/s',
                'part_cost_us': 100, 'op_cost_us': 5, 'runtime': {'provider': 'cpu', 'threads': 1, 'cores': str(core)}}
               for core, name in enumerate(('first', 'second'))]
    return {'schema': 'allot.target/1', 'name': 'two-hosts', 'devices': devices,
            'topology': {'links': [{'from': 'first', 'to': 'second', 'bandwidth': bandwidth, 'latency_us': latency_us}]},
            'rules': [*({'pin': 'first', 'name': f'n{number}'} for number in range(_FREE)), {'pin': 'second', 'name': f'n{_FREE + 1}'}]}


def plan(allot, folder, name, bandwidth, latency_us, objective='throughput'):
    """Plans the chain; the manifest's path."""
    model = folder / 'chain.onnx'
    if not model.exists():
        model.write_bytes(chain())
    described = folder / f'{name}.target.json'
    described.write_text(json.dumps(target(bandwidth, latency_us)))
    out = folder / name
    subprocess.run([allot, model, f'--target={described}', f'--objective={objective}', '-o', out, '--quiet'], check=True,
                   capture_output=True)
    return out / 'manifest.json'
