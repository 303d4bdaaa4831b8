#!/usr/bin/env python3
"""Places a model on a built-in machine, says where its nodes go and why, and runs the parts on this machine's CPU.

usage: place.py [MODEL.onnx [TARGET]]    default: a small network, and a server with two GPUs
"""

import sys
from pathlib import Path
from typing import Any, Dict

import allot

SMALL = Path(__file__).parent.parent / 'plugins' / 'mlp.onnx'


def inputs_of(plan: allot.Plan) -> Dict[str, Any]:
    """Random values of the types and shapes that the model takes, sizes that are open being 1."""
    import numpy

    random = numpy.random.default_rng(1)
    return {name: random.standard_normal([size if isinstance(size, int) else 1 for size in tensor.shape or ()]).astype(tensor.dtype)
            for name, tensor in plan.inputs.items()}


def main(model: str = str(SMALL), target: str = 'cpu-2gpu') -> None:
    plan = allot.load(model).plan(target, objective='throughput')
    print(plan)
    for part in plan.parts:
        print(f'part {part.index} on {part.device}: {len(part.nodes)} nodes, {part.bytes} bytes of weights, '
              f'{part.start * 1e6:.1f} to {part.end * 1e6:.1f} us')
    node = plan.parts[0].nodes[0]
    print(f'why {node} is there: {plan.explain(node)}')
    try:
        outputs = plan.run(inputs_of(plan), on='cpu')
    except ImportError:
        sys.exit('running it needs numpy and onnxruntime: pip install numpy onnxruntime')
    for name, value in outputs.items():
        print(f'{name}: {value.dtype}{list(value.shape)}, mean {value.mean():.6f}')


if __name__ == '__main__':
    if len(sys.argv) > 3 or '--help' in sys.argv[1:]:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except allot.AllotError as error:
        sys.exit(f'error: {error}')
