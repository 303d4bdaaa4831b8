"""Small tensors in plain Python, for the integers from which a model computes shapes."""
from dataclasses import dataclass
from typing import Iterator, List, Sequence, Tuple


@dataclass
class HostArray:
    """A shape, ONNX's element type and the elements row by row."""
    dims: Tuple[int, ...]
    element_type: int
    data: list


def count_of(dims: Sequence[int]) -> int:
    """The number of elements."""
    count = 1
    for dim in dims:
        count *= dim
    return count


def strides_of(dims: Sequence[int]) -> List[int]:
    """How far apart in the data neighbours along each axis are."""
    strides, step = [], 1
    for dim in reversed(dims):
        strides.append(step)
        step *= dim
    return strides[::-1]


def indices_of(dims: Sequence[int]) -> Iterator[Tuple[int, ...]]:
    """All indices in the order of the data."""
    count, strides = count_of(dims), strides_of(dims)
    for flat in range(count):
        yield tuple(flat // stride % dim for stride, dim in zip(strides, dims))


def broadcast_dims(*shapes: Sequence[int]) -> Tuple[int, ...]:
    """The common shape of operands. Raises ValueError if there is none."""
    rank = max((len(dims) for dims in shapes), default=0)
    result = []
    for axis in range(rank):
        sizes = {dims[axis - rank + len(dims)] for dims in shapes if axis - rank + len(dims) >= 0} - {1}
        if len(sizes) > 1:
            raise ValueError(f'shapes {", ".join(map(str, shapes))} do not broadcast')
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)
