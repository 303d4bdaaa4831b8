"""What a worker has at hand: tensors that stay on its device, and those in shared memory as ONNX Runtime takes them."""

from __future__ import annotations

import ctypes
import json
from typing import Any, Dict, List, Sequence, Tuple

import numpy

from ..errors import RunError
from ..support.text import one_line
from . import other_values
from .element_types import NUMPY, STRING, byte_size, name_of, number_of
from .shared_memory import SharedMemory
from .tensors import VALUE, count_of

# Types whose elements are as large as unsigned numbers that numpy has: they need no copy.
_LIKE = {8: numpy.uint8, 16: numpy.uint16}


class TensorStore:
    """Values are `OrtValue`s, on whatever device they were made, or as Python has them: arrays of text, sequences, maps."""

    def __init__(self, ort: Any, memory: SharedMemory) -> None:
        self._ort, self._memory = ort, memory
        self._held: Dict[str, List[Any]] = {}  # value, uses left
        self._regions: Dict[int, Tuple[str, List[int], int, Any]] = {}

    def keep(self, key: str, value: Any, uses: int) -> None:
        """Holds a value that `uses` parts of this device take, in place of what had this key."""
        self._held[key] = [value, uses]

    def forget(self) -> None:
        """Drops what is held."""
        self._held.clear()

    def take(self, key: str, uses: int, kind: str, dims: List[int], size: int, region: int) -> Any:
        """An input of a part: what was kept, or what is in a region."""
        kept = self._held.get(key)
        if kept is not None:
            kept[1] -= 1
            if kept[1] <= 0:
                del self._held[key]
            return kept[0]
        value = self.in_region(region, kind, dims, size)
        if uses > 1:
            self._held[key] = [value, uses - 1]
        return value

    def in_region(self, region: int, kind: str, dims: List[int], size: int) -> Any:
        """A tensor that lies in a region, to be read or to be written by ONNX Runtime; without a copy where that can be."""
        known = self._regions.get(region)
        if known is not None and known[2] == size and known[1] == dims and known[0] == kind:
            return known[3]
        value, lasts = self._make(region, kind, dims, size)
        if lasts:
            self._regions[region] = kind, dims, size, value
        else:
            self._regions.pop(region, None)
        return value

    def can_write(self, kind: str) -> bool:
        """Whether in_region() gives a tensor of this type that is the region itself, so that it can be written to."""
        return kind in NUMPY or self._like(kind) is not None

    def _like(self, kind: str) -> Any:
        if kind in (STRING, VALUE) or not hasattr(self._ort.OrtValue, 'ortvalue_from_numpy_with_onnx_type'):
            return None
        bits = byte_size(kind, 8)
        return _LIKE.get(bits) if not kind.startswith('complex') else None

    def _make(self, region: int, kind: str, dims: List[int], size: int) -> Tuple[Any, bool]:
        """The value, and whether it is the region itself."""
        view = self._memory.view(region, size)
        if kind == VALUE:
            return other_values.decode(bytes(view)), False
        if kind == STRING:
            return numpy.array(json.loads(bytes(view)), dtype=object).reshape(dims), False
        if kind in NUMPY:
            return self._ort.OrtValue.ortvalue_from_numpy(numpy.frombuffer(view, kind, count_of(dims)).reshape(dims)), True
        like = self._like(kind)
        if like is not None:
            array = numpy.frombuffer(view, like, count_of(dims)).reshape(dims)
            return self._ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, number_of(kind)), True
        try:
            value = self._ort.OrtValue.ortvalue_from_shape_and_type(dims, number_of(kind))
        except Exception as error:  # of many types, all of ONNX Runtime's own
            raise RunError(f'ONNX Runtime {self._ort.__version__} makes no tensor of {kind} ({one_line(str(error))}); '
                           'a newer one may') from None
        if size:
            ctypes.memmove(value.data_ptr(), bytes(view), size)
        return value, False

    def about(self, value: Any) -> Tuple[str, List[int], int]:
        """Type, shape and bytes of a tensor."""
        kind, dims = name_of(value.element_type()), list(value.shape())
        return kind, dims, byte_size(kind, count_of(dims))

    def reserve(self, region: int, size: int) -> None:
        """Makes room in a region. Raises RunError."""
        self._memory.reserve(region, size)

    def write(self, region: int, value: Any) -> Tuple[str, List[int], int]:
        """Writes a tensor into a region; type, shape and bytes of what is there. Raises RunError."""
        kind, dims, size = self.about(value)
        if value.device_name() == 'cpu':
            self._memory.write_from(region, value.data_ptr() if size else 0, size)
        else:
            self._memory.write(region, numpy.ascontiguousarray(value.numpy()))
        return kind, dims, size

    def write_plain(self, region: int, value: Any) -> Tuple[str, List[int], int]:
        """The same of a value as Python has it."""
        kind, dims = plain_type(value)
        if kind == STRING:
            data: Any = json.dumps(value.reshape(-1).tolist()).encode()
        elif kind == VALUE:
            data = other_values.encode(value)
        else:
            data = numpy.ascontiguousarray(value).reshape(-1).view(numpy.uint8)
        self._memory.write(region, data)
        return kind, dims, len(data)

    def as_tensor(self, value: Any) -> Any:
        """A value as IO binding takes it."""
        return self._ort.OrtValue.ortvalue_from_numpy(value) if isinstance(value, numpy.ndarray) else value

    def as_plain(self, value: Any) -> Any:
        """A value as `InferenceSession.run` takes it. Raises RunError for types that numpy lacks."""
        if not isinstance(value, self._ort.OrtValue):
            return value
        kind = name_of(value.element_type())
        if kind not in NUMPY:
            raise RunError(f'a part that takes or makes text cannot take a tensor of {kind} as well')
        return value.numpy()


def plain_type(value: Any) -> Tuple[str, List[int]]:
    """Element type and shape of a value as Python has it. Raises RunError for what is no value at all."""
    if isinstance(value, numpy.ndarray):
        kind = STRING if value.dtype.kind in 'OUS' else str(value.dtype)
        return kind, list(value.shape)
    if isinstance(value, (list, dict)):
        return VALUE, []
    raise RunError('is no value that can be passed on')


def sizes_of(dims: Sequence[int]) -> List[int]:
    """A shape as JSON has it."""
    return [int(size) for size in dims]
