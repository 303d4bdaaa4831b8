"""Writes small models whose operators divide in every way that exporters give them: see slices_test.sh.

usage: make_models.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph under construction; random weights, the same on every run."""

    def __init__(self, name: str, opset: int = 17) -> None:
        self.name, self.opset = name, opset
        self.nodes: List[onnx.NodeProto] = []
        self.weights: List[onnx.TensorProto] = []
        self.random = np.random.default_rng(len(name))
        self.domains: Dict[str, int] = {'': opset}

    def weight(self, name: str, shape: List[int], kind: type = np.float32) -> str:
        if np.issubdtype(kind, np.integer):
            values = self.random.integers(-4, 5, shape).astype(kind)
        else:
            values = (self.random.standard_normal(shape) / np.sqrt(shape[0])).astype(kind)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def op(self, kind: str, inputs: List[str], out: Optional[str] = None, domain: str = '', **attributes: object) -> str:
        name = out or f'{kind}{len(self.nodes)}'
        if domain:
            self.domains[domain] = 1
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f'n_{name}', domain=domain, **attributes))
        return name

    def save(self, folder: Path, inputs: Dict[str, List], outputs: List[str], kind: int = TensorProto.FLOAT,
             out_kind: Optional[int] = None) -> None:
        graph = helper.make_graph(
            self.nodes, self.name, [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, out_kind or kind, None) for name in outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(name, version) for name, version in self.domains.items()],
                                  ir_version=8)
        onnx.save(model, str(folder / f'{self.name}.onnx'))


def gemm(folder: Path, trans_a: int, trans_b: int, opset: int) -> None:
    net = Net(f'gemm_{trans_a}{trans_b}_{opset}', opset)
    x = net.op('Transpose', ['x'], perm=[1, 0]) if trans_a else 'x'
    b = net.weight('b1', [24, 12] if trans_b else [12, 24])
    y = net.op('Gemm', [x, b, net.weight('c1', [24])], alpha=0.5, beta=2.0, transA=trans_a, transB=trans_b)
    y = net.op('Relu', [y])
    z = net.op('Gemm', [y, net.weight('b2', [24, 6]), net.weight('c2', [5, 6])], 'z', beta=0.25)
    net.save(folder, {'x': [5, 12]}, [z])


def integers(folder: Path) -> None:
    net = Net('integers')
    y = net.op('MatMulInteger', ['x', net.weight('a', [12, 18], np.int8), '', net.weight('zero', [18], np.int8)])
    net.save(folder, {'x': [4, 12]}, [y], TensorProto.UINT8, TensorProto.INT32)


def quantized(folder: Path) -> None:
    net = Net('quantized')
    scale = net.constant('s', np.abs(net.random.standard_normal(16)).astype(np.float32) + 0.1)
    w = net.op('DequantizeLinear', [net.weight('w', [12, 16], np.int8), scale, net.weight('z', [16], np.int8)], axis=1)
    y = net.op('Add', [net.op('MatMul', ['x', w]), net.weight('bias', [16])])
    y = net.op('Gelu', [y], domain='com.microsoft')
    v = net.op('DequantizeLinear', [net.weight('v', [16, 8], np.int8), net.constant('vs', np.float32(0.25))])
    net.save(folder, {'x': [2, 3, 12]}, [net.op('MatMul', [y, v], 'out')])


def packed_attention(folder: Path) -> None:
    """Queries, keys and values by one product, cut by Split, as in many exports."""
    net = Net('packed')
    y = net.op('Add', [net.op('MatMul', ['x', net.weight('w', [24, 72])]), net.weight('b', [72])])
    parts = ['q', 'k', 'v']
    net.nodes.append(helper.make_node('Split', [y], parts, name='cut', axis=2))
    heads = net.constant('heads', np.array([0, 0, 6, 4]))
    turned = [net.op('Transpose', [net.op('Reshape', [part, heads])], perm=[0, 2, 3, 1] if part == 'k' else [0, 2, 1, 3])
              for part in parts]
    p = net.op('Softmax', [net.op('MatMul', turned[:2])], axis=-1)
    back = net.op('Transpose', [net.op('MatMul', [p, turned[2]])], perm=[0, 2, 1, 3])
    y = net.op('Reshape', [back, net.constant('merged', np.array([0, 0, 24]))])
    net.save(folder, {'x': ['batch', 5, 24]}, [net.op('MatMul', [y, net.weight('o', [24, 24])], 'z')])


def fused_attention(folder: Path) -> None:
    net = Net('fused')
    y = net.op('Attention', ['x', net.weight('w', [24, 72]), net.weight('b', [72])], domain='com.microsoft', num_heads=6)
    net.save(folder, {'x': [2, 5, 24]}, [net.op('MatMul', [y, net.weight('o', [24, 24])], 'z')])


def multi_head(folder: Path) -> None:
    net = Net('multi_head')
    projected = [net.op('MatMul', ['x', net.weight(name, [24, 24])]) for name in ('wq', 'wk', 'wv')]
    y = net.op('MultiHeadAttention', [*projected, net.weight('b', [72])], domain='com.microsoft', num_heads=6)
    net.save(folder, {'x': [2, 5, 24]}, [net.op('MatMul', [y, net.weight('o', [24, 24])], 'z')])


def experts(folder: Path) -> None:
    net = Net('experts')
    y = net.op('MatMul', ['x', net.weight('up', [6, 8, 12])])
    y = net.op('MatMul', [net.op('Relu', [y]), net.weight('down', [6, 12, 8])], 'z')
    net.save(folder, {'x': [6, 4, 8]}, [y])


def convolutions(folder: Path) -> None:
    net = Net('convolutions')
    y = net.op('Relu', [net.op('Conv', ['x', net.weight('w', [12, 3, 3, 3]), net.weight('b', [12])], pads=[1, 1, 1, 1])])
    y = net.op('Conv', [y, net.weight('v', [8, 12, 3, 3]), net.weight('c', [8])], 'z', strides=[2, 2])
    net.save(folder, {'x': [4, 3, 9, 9]}, [y])


def main() -> int:
    folder = Path(sys.argv[1])
    for trans_a in (0, 1):
        for trans_b in (0, 1):
            for opset in (9, 17):
                gemm(folder, trans_a, trans_b, opset)
    for make in (integers, quantized, packed_attention, fused_attention, multi_head, experts, convolutions):
        make(folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
