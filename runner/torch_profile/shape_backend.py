"""Primitives that compute shapes and element types only: which nodes could be measured, without PyTorch."""
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from . import element_types as types
from .backend import COMPARISONS, Backend, Ints
from .errors import NoEquivalent
from .host_array import HostArray, broadcast_dims


@dataclass(frozen=True)
class ShapeOnly:
    """A tensor without elements."""
    dims: Tuple[int, ...]
    element_type: int


def window_outputs(sizes: Ints, kernel: Ints, strides: Ints, begins: Ints, ends: Ints, dilations: Ints,
                   ceil: bool = False) -> List[int]:
    """How many places a window has along each axis."""
    result = []
    for size, k, stride, begin, end, dilation in zip(sizes, kernel, strides, begins, ends, dilations):
        room = size + begin + end - (k - 1) * dilation - 1
        if room < 0:
            raise ValueError(f'a window of {k} over {size}')
        count = (-(-room // stride) if ceil else room // stride) + 1
        # A window must not begin in the padding after the end.
        result.append(count - 1 if ceil and (count - 1) * stride >= size + begin else count)
    return result


class ShapeBackend(Backend):
    """Nothing is computed; results of which the shape depends on elements are not known."""
    refusals = (ValueError,)
    name = 'the shape'

    def dims(self, x: ShapeOnly) -> Tuple[int, ...]:
        return x.dims

    def element_type(self, x: ShapeOnly) -> int:
        return x.element_type

    def upload(self, x: HostArray) -> ShapeOnly:
        return ShapeOnly(x.dims, x.element_type)

    def read(self, x: ShapeOnly) -> HostArray:
        raise NoEquivalent('it depends on elements of a tensor')

    def random(self, dims: Ints, element_type: int, scale: float, mean: float, seed: int) -> ShapeOnly:
        return ShapeOnly(tuple(dims), element_type)

    def full(self, dims: Ints, value: float, element_type: int) -> ShapeOnly:
        return ShapeOnly(tuple(dims), element_type)

    def time(self, call: Callable[[], Any], repeats: int) -> List[float]:
        return [0.0]

    @staticmethod
    def _like(x: ShapeOnly, dims: Ints) -> ShapeOnly:
        return ShapeOnly(tuple(dims), x.element_type)

    def unary(self, name: str, x: ShapeOnly) -> ShapeOnly:
        return ShapeOnly(x.dims, types.BOOL) if name in ('not', 'isnan', 'isinf') else x

    def binary(self, name: str, a: ShapeOnly, b: ShapeOnly) -> ShapeOnly:
        dims = broadcast_dims(a.dims, b.dims)
        return ShapeOnly(dims, types.BOOL if name in COMPARISONS else a.element_type)

    def where(self, condition: ShapeOnly, a: ShapeOnly, b: ShapeOnly) -> ShapeOnly:
        return self._like(a, broadcast_dims(condition.dims, a.dims, b.dims))

    def cast(self, x: ShapeOnly, element_type: int) -> ShapeOnly:
        if element_type not in types.FLOATS | types.INTEGERS:
            raise NoEquivalent(f'a cast to {types.name_of(element_type)}')
        return ShapeOnly(x.dims, element_type)

    def activation(self, name: str, x: ShapeOnly, alpha: float, beta: float) -> ShapeOnly:
        return x

    def clip(self, x: ShapeOnly, low: Optional[float], high: Optional[float]) -> ShapeOnly:
        return x

    def matmul(self, a: ShapeOnly, b: ShapeOnly) -> ShapeOnly:
        left = (1,) + a.dims if len(a.dims) == 1 else a.dims
        right = b.dims + (1,) if len(b.dims) == 1 else b.dims
        if left[-1] != right[-2]:
            raise ValueError(f'{a.dims} and {b.dims} cannot be multiplied')
        result = broadcast_dims(left[:-2], right[:-2])
        result += (left[-2],) if len(a.dims) > 1 else ()
        return self._like(a, result + ((right[-1],) if len(b.dims) > 1 else ()))

    def gemm(self, a: ShapeOnly, b: ShapeOnly, c: Optional[ShapeOnly], alpha: float, beta: float, flip_a: bool,
             flip_b: bool) -> ShapeOnly:
        left, right = a.dims[::-1] if flip_a else a.dims, b.dims[::-1] if flip_b else b.dims
        return self.matmul(self._like(a, left), self._like(b, right))

    def einsum(self, equation: str, operands: Sequence[ShapeOnly]) -> ShapeOnly:
        left, arrow, right = equation.partition('->')
        terms = left.split(',')
        if '.' in equation or len(terms) != len(operands):
            raise NoEquivalent('an einsum with an ellipsis')
        sizes: Dict[str, int] = {}
        for term, operand in zip(terms, operands):
            for label, size in zip(term, operand.dims):
                sizes[label] = max(size, sizes.get(label, 1))
        labels = right if arrow else ''.join(sorted(label for label in sizes if left.count(label) == 1))
        return self._like(operands[0], [sizes[label] for label in labels])

    def conv(self, x: ShapeOnly, w: ShapeOnly, bias: Optional[ShapeOnly], strides: Ints, begins: Ints, ends: Ints,
             dilations: Ints, groups: int) -> ShapeOnly:
        if x.dims[1] != w.dims[1] * groups:
            raise ValueError(f'a kernel for {w.dims[1] * groups} channels, not {x.dims[1]}')
        places = window_outputs(x.dims[2:], w.dims[2:], strides, begins, ends, dilations)
        return self._like(x, (x.dims[0], w.dims[0], *places))

    def conv_transpose(self, x: ShapeOnly, w: ShapeOnly, bias: Optional[ShapeOnly], strides: Ints, begins: Ints,
                       ends: Ints, extra: Ints, dilations: Ints, groups: int) -> ShapeOnly:
        sizes = [(size - 1) * stride + (k - 1) * dilation + 1 + more - begin - end
                 for size, k, stride, begin, end, more, dilation
                 in zip(x.dims[2:], w.dims[2:], strides, begins, ends, extra, dilations)]
        return self._like(x, (x.dims[0], w.dims[1] * groups, *sizes))

    def rnn(self, kind: str, x: ShapeOnly, w: ShapeOnly, r: ShapeOnly, b: Optional[ShapeOnly],
            states: Sequence[Optional[ShapeOnly]], directions: int) -> Tuple[ShapeOnly, ...]:
        steps, batch, hidden = x.dims[0], x.dims[1], r.dims[2]
        last = self._like(x, (directions, batch, hidden))
        return (self._like(x, (steps, directions, batch, hidden)),) + (last,) * (2 if kind == 'LSTM' else 1)

    def pool(self, kind: str, x: ShapeOnly, kernel: Ints, strides: Ints, begins: Ints, ends: Ints, dilations: Ints,
             ceil: bool, count_padding: bool) -> ShapeOnly:
        places = window_outputs(x.dims[2:], kernel, strides, begins, ends, dilations, ceil)
        return self._like(x, x.dims[:2] + tuple(places))

    def reduce(self, name: str, x: ShapeOnly, axes: Ints, keep: bool) -> ShapeOnly:
        if keep:
            return self._like(x, [1 if axis in axes else size for axis, size in enumerate(x.dims)])
        return self._like(x, [size for axis, size in enumerate(x.dims) if axis not in axes])

    def arg_reduce(self, name: str, x: ShapeOnly, axis: int, keep: bool) -> ShapeOnly:
        return ShapeOnly(self.reduce(name, x, [axis], keep).dims, types.INT64)

    def softmax(self, x: ShapeOnly, axis: int, log: bool) -> ShapeOnly:
        return x

    def batch_norm(self, x: ShapeOnly, scale: ShapeOnly, bias: ShapeOnly, mean: ShapeOnly, variance: ShapeOnly,
                   epsilon: float) -> ShapeOnly:
        return x

    def layer_norm(self, x: ShapeOnly, scale: ShapeOnly, bias: Optional[ShapeOnly], axis: int, epsilon: float
                   ) -> ShapeOnly:
        return x

    def group_norm(self, x: ShapeOnly, groups: int, scale: ShapeOnly, bias: ShapeOnly, epsilon: float) -> ShapeOnly:
        return x

    def local_response_norm(self, x: ShapeOnly, size: int, alpha: float, beta: float, bias: float) -> ShapeOnly:
        return x

    def cumsum(self, x: ShapeOnly, axis: int) -> ShapeOnly:
        return x

    def topk(self, x: ShapeOnly, k: int, axis: int, largest: bool) -> Tuple[ShapeOnly, ShapeOnly]:
        dims = x.dims[:axis] + (k,) + x.dims[axis + 1:]
        return self._like(x, dims), ShapeOnly(dims, types.INT64)

    def reshape(self, x: ShapeOnly, dims: Ints) -> ShapeOnly:
        return self._like(x, dims)

    def transpose(self, x: ShapeOnly, order: Ints) -> ShapeOnly:
        return self._like(x, [x.dims[axis] for axis in order])

    def expand(self, x: ShapeOnly, dims: Ints) -> ShapeOnly:
        return self._like(x, dims)

    def tile(self, x: ShapeOnly, repeats: Ints) -> ShapeOnly:
        return self._like(x, [size * count for size, count in zip(x.dims, repeats)])

    def concat(self, parts: Sequence[ShapeOnly], axis: int) -> ShapeOnly:
        first = parts[0].dims
        if any(part.dims[:axis] + part.dims[axis + 1:] != first[:axis] + first[axis + 1:] for part in parts):
            raise ValueError(f'shapes {", ".join(str(part.dims) for part in parts)} cannot be joined along axis {axis}')
        return self._like(parts[0], first[:axis] + (sum(part.dims[axis] for part in parts),) + first[axis + 1:])

    def split(self, x: ShapeOnly, sizes: Ints, axis: int) -> List[ShapeOnly]:
        if sum(sizes) != x.dims[axis]:
            raise ValueError(f'parts {list(sizes)} do not make up {x.dims[axis]}')
        return [self._like(x, x.dims[:axis] + (size,) + x.dims[axis + 1:]) for size in sizes]

    def slice(self, x: ShapeOnly, starts: Ints, counts: Ints, steps: Ints) -> ShapeOnly:
        return self._like(x, counts)

    def pad(self, x: ShapeOnly, mode: str, begins: Ints, ends: Ints, value: float) -> ShapeOnly:
        return self._like(x, [size + begin + end for size, begin, end in zip(x.dims, begins, ends)])

    def gather(self, x: ShapeOnly, indices: ShapeOnly, axis: int) -> ShapeOnly:
        return self._like(x, x.dims[:axis] + indices.dims + x.dims[axis + 1:])

    def gather_elements(self, x: ShapeOnly, indices: ShapeOnly, axis: int) -> ShapeOnly:
        return self._like(x, indices.dims)

    def gather_nd(self, x: ShapeOnly, indices: ShapeOnly, batch: int) -> ShapeOnly:
        return self._like(x, indices.dims[:-1] + x.dims[batch + indices.dims[-1]:])

    def scatter_elements(self, x: ShapeOnly, indices: ShapeOnly, updates: ShapeOnly, axis: int, reduction: str
                         ) -> ShapeOnly:
        return x

    def scatter_nd(self, x: ShapeOnly, indices: ShapeOnly, updates: ShapeOnly, reduction: str) -> ShapeOnly:
        return x

    def range(self, start: float, count: int, step: float, element_type: int) -> ShapeOnly:
        return ShapeOnly((count,), element_type)

    def triangle(self, x: ShapeOnly, upper: bool, k: int) -> ShapeOnly:
        return x

    def nonzero(self, x: ShapeOnly) -> ShapeOnly:
        raise NoEquivalent('how many elements are not zero is only known when they are')

    def resize(self, x: ShapeOnly, sizes: Ints, mode: str, align_corners: bool) -> ShapeOnly:
        return self._like(x, x.dims[:2] + tuple(sizes))

    def grid_sample(self, x: ShapeOnly, grid: ShapeOnly, mode: str, padding: str, align_corners: bool) -> ShapeOnly:
        return self._like(x, x.dims[:2] + grid.dims[1:-1])
