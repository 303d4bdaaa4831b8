"""The primitives that arithmetic on shapes needs, in plain Python on host arrays. Exact on integers."""
import math
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from . import element_types as types
from .backend import COMPARISONS, Backend, Ints
from .errors import NoEquivalent
from .host_array import HostArray, broadcast_dims, count_of, indices_of, strides_of

# More elements than these are no shapes; they are left to the device.
MOST_ELEMENTS = 4096


def _truncated(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return a / b if b else math.nan if a == 0 or a != a else math.copysign(math.inf, a)
    if b == 0:
        raise NoEquivalent('an integer division by zero')
    return -(-a // b) if (a < 0) != (b < 0) else a // b


def _modulo(a: Any, b: Any) -> Any:
    if b == 0:
        raise NoEquivalent('a remainder of a division by zero')
    return a % b


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, int) and abs(b) > 64:
        raise NoEquivalent('a large power of an integer')  # Python would compute all of its digits
    return a ** b


_UNARY: Dict[str, Callable] = {
    'abs': abs, 'neg': lambda x: -x, 'not': lambda x: not x, 'bitwise_not': lambda x: ~x, 'ceil': math.ceil,
    'floor': math.floor, 'round': round, 'sqrt': lambda x: math.sqrt(x) if x >= 0 else math.nan, 'exp': math.exp,
    'log': lambda x: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan, 'sin': math.sin, 'cos': math.cos,
    'tanh': math.tanh, 'erf': math.erf, 'sign': lambda x: (x > 0) - (x < 0), 'reciprocal': lambda x: _truncated(1.0, x),
    'relu': lambda x: max(x, 0), 'sigmoid': lambda x: 0.5 + 0.5 * math.tanh(x / 2), 'isnan': lambda x: x != x,
    'isinf': lambda x: abs(x) == math.inf, 'softsign': lambda x: x / (1 + abs(x)),
}
_BINARY: Dict[str, Callable] = {
    'add': lambda a, b: a + b, 'sub': lambda a, b: a - b, 'mul': lambda a, b: a * b, 'div': _truncated, 'mod': _modulo,
    'fmod': lambda a, b: math.fmod(a, b), 'pow': _power, 'max': max, 'min': min,
    'equal': lambda a, b: a == b, 'greater': lambda a, b: a > b, 'greater_equal': lambda a, b: a >= b,
    'less': lambda a, b: a < b, 'less_equal': lambda a, b: a <= b, 'and': lambda a, b: a and b,
    'or': lambda a, b: a or b, 'xor': lambda a, b: a != b, 'bitwise_and': lambda a, b: a & b,
    'bitwise_or': lambda a, b: a | b, 'bitwise_xor': lambda a, b: a ^ b,
    'shift_left': lambda a, b: a << min(b, 64), 'shift_right': lambda a, b: a >> b,
}
_REDUCTIONS: Dict[str, Callable] = {
    'sum': sum, 'prod': math.prod, 'max': max, 'min': min, 'l1': lambda v: sum(map(abs, v)),
    'sum_square': lambda v: sum(x * x for x in v), 'l2': lambda v: math.sqrt(sum(x * x for x in v)),
    'mean': lambda v: _truncated(sum(v), len(v)), 'logsumexp': lambda v: math.log(sum(map(math.exp, v))),
}


class HostBackend(Backend):
    """Executes at once; every result is known."""
    refusals = (ArithmeticError, ValueError)
    name = 'the host'

    def dims(self, x: HostArray) -> Tuple[int, ...]:
        return x.dims

    def element_type(self, x: HostArray) -> int:
        return x.element_type

    def upload(self, x: HostArray) -> HostArray:
        return x

    def read(self, x: HostArray) -> HostArray:
        return x

    def full(self, dims: Ints, value: float, element_type: int) -> HostArray:
        self._check(dims)
        return self._make(dims, element_type, [value] * count_of(dims))

    @staticmethod
    def _check(dims: Ints) -> None:
        if count_of(dims) > MOST_ELEMENTS:
            raise NoEquivalent('too large for the host')

    @staticmethod
    def _make(dims: Ints, element_type: int, values: Sequence) -> HostArray:
        return HostArray(tuple(dims), element_type, types.wrapped(element_type, values))

    def _spread(self, x: HostArray, dims: Ints) -> list:
        """The elements of x broadcast to dims."""
        if tuple(dims) == x.dims:
            return x.data
        self._check(dims)
        padded = (1,) * (len(dims) - len(x.dims)) + x.dims
        strides = [0 if size == 1 else stride for size, stride in zip(padded, strides_of(padded))]
        return [x.data[sum(i * s for i, s in zip(index, strides))] for index in indices_of(dims)]

    def _pick(self, x: HostArray, dims: Ints, source: Callable[[Tuple[int, ...]], Sequence[int]]) -> HostArray:
        """An array whose element at each index is the one of x at source(index)."""
        self._check(dims)
        strides = strides_of(x.dims)
        data = [x.data[sum(i * s for i, s in zip(source(index), strides))] for index in indices_of(dims)]
        return HostArray(tuple(dims), x.element_type, data)

    def unary(self, name: str, x: HostArray) -> HostArray:
        if name not in _UNARY:
            return self._lacks(name)
        kind = types.BOOL if name in ('not', 'isnan', 'isinf') else x.element_type
        return self._make(x.dims, kind, [_UNARY[name](value) for value in x.data])

    def binary(self, name: str, a: HostArray, b: HostArray) -> HostArray:
        dims = broadcast_dims(a.dims, b.dims)
        values = [_BINARY[name](p, q) for p, q in zip(self._spread(a, dims), self._spread(b, dims))]
        return self._make(dims, types.BOOL if name in COMPARISONS else a.element_type, values)

    def where(self, condition: HostArray, a: HostArray, b: HostArray) -> HostArray:
        dims = broadcast_dims(condition.dims, a.dims, b.dims)
        chosen = zip(self._spread(condition, dims), self._spread(a, dims), self._spread(b, dims))
        return self._make(dims, a.element_type, [p if c else q for c, p, q in chosen])

    def cast(self, x: HostArray, element_type: int) -> HostArray:
        if element_type not in types.FLOATS and element_type not in types.INTEGERS:
            raise NoEquivalent(f'a cast to {types.name_of(element_type)}')
        return self._make(x.dims, element_type, x.data)

    def clip(self, x: HostArray, low: Optional[float], high: Optional[float]) -> HostArray:
        data = [value if low is None else max(value, low) for value in x.data]
        return self._make(x.dims, x.element_type, [value if high is None else min(value, high) for value in data])

    def reduce(self, name: str, x: HostArray, axes: Ints, keep: bool) -> HostArray:
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(x.dims))
        groups: List[list] = [[] for _ in range(count_of(kept))]
        strides = strides_of(kept)
        for value, index in zip(x.data, indices_of(x.dims)):
            groups[sum(0 if axis in axes else i * s for axis, (i, s) in enumerate(zip(index, strides)))].append(value)
        if name in ('max', 'min', 'mean') and any(not group for group in groups):
            raise NoEquivalent(f'{name} of nothing')
        dims = kept if keep else tuple(size for axis, size in enumerate(x.dims) if axis not in axes)
        return self._make(dims, x.element_type, [_REDUCTIONS[name](group) for group in groups])

    def arg_reduce(self, name: str, x: HostArray, axis: int, keep: bool) -> HostArray:
        kept = x.dims[:axis] + (1,) + x.dims[axis + 1:]
        line = range(x.dims[axis])
        stride = strides_of(x.dims)[axis]
        best = max if name == 'max' else min
        starts = self._pick(HostArray(x.dims, types.INT64, list(range(len(x.data)))), kept, lambda index: index).data
        # max() and min() keep the first of equals, as ONNX does.
        data = [best(line, key=lambda i, s=start: x.data[s + i * stride]) for start in starts]
        return HostArray(kept if keep else x.dims[:axis] + x.dims[axis + 1:], types.INT64, data)

    def cumsum(self, x: HostArray, axis: int) -> HostArray:
        data, stride = list(x.data), strides_of(x.dims)[axis]
        for flat, index in enumerate(indices_of(x.dims)):
            if index[axis]:
                data[flat] += data[flat - stride]
        return self._make(x.dims, x.element_type, data)

    def reshape(self, x: HostArray, dims: Ints) -> HostArray:
        if count_of(dims) != len(x.data):
            raise ValueError(f'{x.dims} cannot become {tuple(dims)}')
        return HostArray(tuple(dims), x.element_type, x.data)

    def transpose(self, x: HostArray, order: Ints) -> HostArray:
        back = [list(order).index(axis) for axis in range(len(order))]
        return self._pick(x, [x.dims[axis] for axis in order], lambda index: [index[i] for i in back])

    def expand(self, x: HostArray, dims: Ints) -> HostArray:
        return HostArray(tuple(dims), x.element_type, list(self._spread(x, dims)))

    def tile(self, x: HostArray, repeats: Ints) -> HostArray:
        dims = [size * count for size, count in zip(x.dims, repeats)]
        return self._pick(x, dims, lambda index: [i % size for i, size in zip(index, x.dims)])

    def concat(self, parts: Sequence[HostArray], axis: int) -> HostArray:
        owners = [(part, i) for part in parts for i in range(part.dims[axis])]
        dims = parts[0].dims[:axis] + (len(owners),) + parts[0].dims[axis + 1:]
        self._check(dims)
        data = []
        for index in indices_of(dims):
            part, i = owners[index[axis]]
            place = index[:axis] + (i,) + index[axis + 1:]
            data.append(part.data[sum(p * s for p, s in zip(place, strides_of(part.dims)))])
        return HostArray(dims, parts[0].element_type, data)

    def split(self, x: HostArray, sizes: Ints, axis: int) -> List[HostArray]:
        if sum(sizes) != x.dims[axis]:
            raise ValueError(f'parts {list(sizes)} do not make up {x.dims[axis]}')
        parts, begin = [], 0
        for size in sizes:
            starts, counts = [0] * len(x.dims), list(x.dims)
            starts[axis], counts[axis] = begin, size
            parts.append(self.slice(x, starts, counts, [1] * len(x.dims)))
            begin += size
        return parts

    def slice(self, x: HostArray, starts: Ints, counts: Ints, steps: Ints) -> HostArray:
        return self._pick(x, counts, lambda index: [s + i * t for i, s, t in zip(index, starts, steps)])

    def pad(self, x: HostArray, mode: str, begins: Ints, ends: Ints, value: float) -> HostArray:
        dims = [size + begin + end for size, begin, end in zip(x.dims, begins, ends)]
        self._check(dims)
        strides, data = strides_of(x.dims), []
        for index in indices_of(dims):
            place = [i - begin for i, begin in zip(index, begins)]
            if mode == 'constant' and any(not 0 <= i < size for i, size in zip(place, x.dims)):
                data.append(value)
                continue
            if mode == 'edge':
                place = [min(max(i, 0), size - 1) for i, size in zip(place, x.dims)]
            elif mode == 'wrap':
                place = [i % size for i, size in zip(place, x.dims)]
            elif mode == 'reflect':
                place = [abs(i) if i < size else 2 * (size - 1) - i for i, size in zip(place, x.dims)]
            data.append(x.data[sum(i * s for i, s in zip(place, strides))])
        return self._make(dims, x.element_type, data)

    @staticmethod
    def _inside(index: int, size: int) -> int:
        if not -size <= index < size:
            raise ValueError(f'index {index} is outside of {size} elements')
        return index % size

    def gather(self, x: HostArray, indices: HostArray, axis: int) -> HostArray:
        found = [self._inside(i, x.dims[axis]) for i in indices.data]
        rank, strides = len(indices.dims), strides_of(indices.dims)

        def source(index: Tuple[int, ...]) -> Sequence[int]:
            which = found[sum(i * s for i, s in zip(index[axis:axis + rank], strides))]
            return index[:axis] + (which,) + index[axis + rank:]
        return self._pick(x, x.dims[:axis] + indices.dims + x.dims[axis + 1:], source)

    def gather_elements(self, x: HostArray, indices: HostArray, axis: int) -> HostArray:
        strides = strides_of(indices.dims)

        def source(index: Tuple[int, ...]) -> Sequence[int]:
            which = self._inside(indices.data[sum(i * s for i, s in zip(index, strides))], x.dims[axis])
            return index[:axis] + (which,) + index[axis + 1:]
        return self._pick(x, indices.dims, source)

    def gather_nd(self, x: HostArray, indices: HostArray, batch: int) -> HostArray:
        rank, depth = len(indices.dims), indices.dims[-1]
        strides = strides_of(indices.dims)

        def source(index: Tuple[int, ...]) -> Sequence[int]:
            base = sum(i * s for i, s in zip(index[:rank - 1], strides))
            place = [self._inside(indices.data[base + d], x.dims[batch + d]) for d in range(depth)]
            return list(index[:batch]) + place + list(index[rank - 1:])
        return self._pick(x, indices.dims[:-1] + x.dims[batch + depth:], source)

    def _scatter(self, x: HostArray, places: Sequence[Sequence[int]], values: Sequence, reduction: str) -> HostArray:
        data, strides = list(x.data), strides_of(x.dims)
        for place, value in zip(places, values):
            flat = sum(self._inside(i, size) * s for i, size, s in zip(place, x.dims, strides))
            data[flat] = data[flat] + value if reduction == 'add' else value
        return HostArray(x.dims, x.element_type, data)

    def scatter_elements(self, x: HostArray, indices: HostArray, updates: HostArray, axis: int, reduction: str
                         ) -> HostArray:
        places = [p[:axis] + (i,) + p[axis + 1:] for p, i in zip(indices_of(indices.dims), indices.data)]
        return self._scatter(x, places, updates.data, reduction)

    def scatter_nd(self, x: HostArray, indices: HostArray, updates: HostArray, reduction: str) -> HostArray:
        depth = indices.dims[-1]
        heads = [tuple(indices.data[i:i + depth]) for i in range(0, len(indices.data), depth)]
        places = [head + tail for head in heads for tail in indices_of(x.dims[depth:])]
        return self._scatter(x, places, updates.data, reduction)

    def range(self, start: float, count: int, step: float, element_type: int) -> HostArray:
        self._check([count])
        return self._make([count], element_type, [start + i * step for i in range(count)])

    def triangle(self, x: HostArray, upper: bool, k: int) -> HostArray:
        keep = [index[-1] - index[-2] >= k if upper else index[-1] - index[-2] <= k for index in indices_of(x.dims)]
        return self._make(x.dims, x.element_type, [value if kept else 0 for value, kept in zip(x.data, keep)])

    def nonzero(self, x: HostArray) -> HostArray:
        found = [index for index, value in zip(indices_of(x.dims), x.data) if value]
        rank = len(x.dims)
        return HostArray((rank, len(found)), types.INT64, [index[axis] for axis in range(rank) for index in found])

    def topk(self, x: HostArray, k: int, axis: int, largest: bool) -> Tuple[HostArray, HostArray]:
        dims = x.dims[:axis] + (k,) + x.dims[axis + 1:]
        strides = strides_of(x.dims)
        values, places = [], []
        orders: Dict[Tuple[int, ...], List[int]] = {}
        for index in indices_of(dims):
            line = index[:axis] + (0,) + index[axis + 1:]
            start = sum(i * s for i, s in zip(line, strides))
            element = [x.data[start + i * strides[axis]] for i in range(x.dims[axis])]
            if line not in orders:
                orders[line] = sorted(range(len(element)), key=lambda i: (-element[i] if largest else element[i], i))
            places.append(orders[line][index[axis]])
            values.append(element[places[-1]])
        return HostArray(dims, x.element_type, values), HostArray(dims, types.INT64, places)
