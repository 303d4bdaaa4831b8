"""A backend over plain Python that computes values, written from ONNX's definitions; and running a small model on it."""
import itertools
import math
import os
import sys
import tempfile
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'runner'))

from torch_profile.host_array import HostArray, count_of, indices_of, strides_of
from torch_profile.host_backend import HostBackend
from torch_profile.inputs import InputRules, make_inputs
from torch_profile.node_runner import NodeRunner, NodeTime
from torch_profile.onnx_reader import read_model

CALL_US = 2.5


def at(x: HostArray, index: Sequence[int]) -> float:
    return x.data[sum(i * s for i, s in zip(index, strides_of(x.dims)))]


class PlainBackend(HostBackend):
    """Every timed call takes CALL_US."""
    name = 'the test'

    def __init__(self) -> None:
        self.timed = 0

    def time(self, call: Callable[[], Any], repeats: int) -> List[float]:
        self.timed += 1
        call()
        return [CALL_US] * repeats

    def random(self, dims: Sequence[int], element_type: int, scale: float, mean: float, seed: int) -> HostArray:
        return HostArray(tuple(dims), element_type, [mean] * count_of(dims))

    def matmul(self, a: HostArray, b: HostArray) -> HostArray:
        rows, depth, columns = a.dims[-2], a.dims[-1], b.dims[-1]
        assert b.dims[-2] == depth and len(a.dims) == len(b.dims) == 2
        data = [sum(at(a, (i, k)) * at(b, (k, j)) for k in range(depth)) for i in range(rows) for j in range(columns)]
        return HostArray((rows, columns), a.element_type, data)

    def gemm(self, a: HostArray, b: HostArray, c: Optional[HostArray], alpha: float, beta: float, flip_a: bool, flip_b: bool
             ) -> HostArray:
        product = self.matmul(self.transpose(a, (1, 0)) if flip_a else a, self.transpose(b, (1, 0)) if flip_b else b)
        scaled = HostArray(product.dims, product.element_type, [alpha * value for value in product.data])
        if c is None:
            return scaled
        return self.binary('add', scaled, HostArray(c.dims, c.element_type, [beta * value for value in c.data]))

    def conv(self, x: HostArray, w: HostArray, bias: Optional[HostArray], strides: Sequence[int], begins: Sequence[int],
             ends: Sequence[int], dilations: Sequence[int], groups: int) -> HostArray:
        kernel, sizes = w.dims[2:], x.dims[2:]
        places = [(size + begin + end - (k - 1) * d - 1) // s + 1
                  for size, begin, end, k, d, s in zip(sizes, begins, ends, kernel, dilations, strides)]
        dims, data = (x.dims[0], w.dims[0], *places), []
        for n, m, *place in indices_of(dims):
            first = m // (w.dims[0] // groups) * w.dims[1]
            total = bias.data[m] if bias is not None else 0.0
            for c, *tap in indices_of(w.dims[1:]):
                source = [p * s - b + t * d for p, s, b, t, d in zip(place, strides, begins, tap, dilations)]
                if all(0 <= i < size for i, size in zip(source, sizes)):
                    total += at(x, (n, first + c, *source)) * at(w, (m, c, *tap))
            data.append(total)
        return HostArray(dims, x.element_type, data)

    def conv_transpose(self, x: HostArray, w: HostArray, bias: Optional[HostArray], strides: Sequence[int],
                       begins: Sequence[int], ends: Sequence[int], extra: Sequence[int], dilations: Sequence[int],
                       groups: int) -> HostArray:
        assert groups == 1
        sizes = [(n - 1) * s + (k - 1) * d + 1 + e - b - f for n, s, k, d, e, b, f in
                 zip(x.dims[2:], strides, w.dims[2:], dilations, extra, begins, ends)]
        dims = (x.dims[0], w.dims[1], *sizes)
        data, out = [0.0] * count_of(dims), strides_of(dims)
        for n, c, *place in indices_of(x.dims):
            for m, *tap in indices_of(w.dims[1:]):
                target = [p * s + t * d - b for p, s, t, d, b in zip(place, strides, tap, dilations, begins)]
                if all(0 <= i < size for i, size in zip(target, sizes)):
                    data[sum(i * s for i, s in zip((n, m, *target), out))] += at(x, (n, c, *place)) * at(w, (c, m, *tap))
        return HostArray(dims, x.element_type, data)

    def pool(self, kind: str, x: HostArray, kernel: Sequence[int], strides: Sequence[int], begins: Sequence[int],
             ends: Sequence[int], dilations: Sequence[int], ceil: bool, count_padding: bool) -> HostArray:
        sizes, places = x.dims[2:], []
        for size, k, s, b, e, d in zip(sizes, kernel, strides, begins, ends, dilations):
            room = size + b + e - (k - 1) * d - 1
            places.append((math.ceil(room / s) if ceil else room // s) + 1)
        dims, data = x.dims[:2] + tuple(places), []
        for n, c, *place in indices_of(dims):
            taps = [[p * s - b + t * d for p, s, b, t, d in zip(place, strides, begins, tap, dilations)]
                    for tap in itertools.product(*map(range, kernel))]
            inside = [at(x, (n, c, *tap)) for tap in taps if all(0 <= i < size for i, size in zip(tap, sizes))]
            data.append(max(inside) if kind == 'max' else sum(inside) / (len(taps) if count_padding else len(inside)))
        return HostArray(dims, x.element_type, data)

    def softmax(self, x: HostArray, axis: int, log: bool) -> HostArray:
        powers = HostArray(x.dims, x.element_type, [math.exp(value) for value in x.data])
        share = self.binary('div', powers, self.reduce('sum', powers, [axis], True))
        return self.unary('log', share) if log else share


def run(model: bytes, sizes: Optional[Dict[str, int]] = None, rules: Optional[Dict[str, dict]] = None,
        backend: Optional[PlainBackend] = None) -> Tuple[Dict[str, Optional[HostArray]], List[NodeTime]]:
    """The results and the times of a model's nodes."""
    backend = backend or PlainBackend()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'm.onnx')
        with open(path, 'wb') as file:
            file.write(model)
        loaded = read_model(path)
        given = InputRules(sizes or {}, rules or {})
        times, results = NodeRunner(loaded, backend, given, 3).run(make_inputs(loaded.graph, given, backend, 1))
    return {name: None if v is None else v.host or v.tensor for name, v in results.items()}, times
