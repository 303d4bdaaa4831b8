"""Tensors as bytes, and comparing them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

import numpy

from . import element_types
from .element_types import FLOATS, NUMPY, STRING
from .small_floats import SMALL_FLOATS, decode


@dataclass
class Tensor:
    """A tensor in this process. data: a flat array; a list of texts; of types that numpy lacks the bytes, as an array of uint8;
    of values that are no tensor (type 'value') JSON's bytes."""

    type: str
    dims: Tuple[int, ...]
    data: Any


VALUE = 'value'
"""The type of what is no tensor: sequences and maps travel as the text of their elements."""


def describe(kind: str, dims: Sequence[object]) -> str:
    """'float32[1,3,224,224]'"""
    return f"{kind}[{','.join(map(str, dims))}]"


def count_of(dims: Sequence[int]) -> int:
    """How many elements a shape has."""
    return math.prod(dims)


def to_bytes(tensor: Tensor) -> Any:
    """What has the bytes of a tensor's data as its buffer, without a copy where it is numeric. Strings travel as JSON."""
    if tensor.type == STRING:
        return json.dumps(tensor.data).encode()
    return numpy.ascontiguousarray(tensor.data).view(numpy.uint8)


def from_bytes(kind: str, dims: Sequence[int], data: Any) -> Tensor:
    """The tensor whose data has these bytes; of numbers without a copy."""
    if kind == STRING:
        return Tensor(kind, tuple(dims), json.loads(bytes(data)))
    array = numpy.frombuffer(data, numpy.uint8)
    return Tensor(kind, tuple(dims), array.view(kind) if kind in NUMPY else array)


def _codes(tensor: Tensor) -> Any:
    """The elements as unsigned numbers, of types that numpy lacks."""
    bits, raw, count = element_types.byte_size(tensor.type, 8), tensor.data, count_of(tensor.dims)
    if bits >= 8:
        return raw.view(f'uint{bits}')
    per_byte = 8 // bits
    spread = (raw[:, None] >> (numpy.arange(per_byte, dtype=numpy.uint8) * bits)) & ((1 << bits) - 1)
    return spread.reshape(-1)[:count]


def _elements(tensor: Tensor) -> Tuple[Any, Any]:
    """The values of the elements, and their bits as unsigned numbers."""
    if tensor.type in NUMPY:
        return tensor.data, tensor.data.view(f'uint{8 * tensor.data.dtype.itemsize}')
    codes = _codes(tensor)
    if tensor.type in SMALL_FLOATS:
        return decode(tensor.type, codes), codes
    if tensor.type in ('int4', 'int2'):
        half = 1 << (element_types.byte_size(tensor.type, 8) - 1)
        return (codes.astype(numpy.int64) ^ half) - half, codes
    return codes, codes


def _show(value: Any, bits: int, width: int) -> str:
    if isinstance(value, (float, numpy.floating)):
        if math.isnan(value):
            return f'NaN (0x{int(bits):0{width // 4}x})'
        text = repr(float(value))
        return {'inf': 'Infinity', '-inf': '-Infinity'}.get(text, text[:-2] if text.endswith('.0') else text)
    return str(value)


def _different_texts(got: List[str], want: List[str]) -> Optional[str]:
    for i, (one, other) in enumerate(zip(got, want)):
        if one != other:
            return f'element {i} is {json.dumps(one)} instead of {json.dumps(other)}'
    return None


class Worst:
    """The largest finite |got - want| / (1 + |want|) of floats that was seen."""

    def __init__(self) -> None:
        self.value = 0.0


def difference(got: Tensor, want: Tensor, tolerance: float, worst: Optional[Worst] = None) -> Optional[str]:
    """How `got` differs from `want`: None if they are equal (bit for bit if tolerance is 0, else |got - want| <=
    tolerance (1 + |want|) for floats, NaN being equal to NaN; all else must be equal), or a text that names the first element."""
    if got.type != want.type or got.dims != want.dims:
        return f'{describe(got.type, got.dims)} instead of {describe(want.type, want.dims)}'
    if got.type == STRING:
        return _different_texts(got.data, want.data)
    if got.data.shape == want.data.shape and numpy.array_equal(got.data.view(numpy.uint8), want.data.view(numpy.uint8)):
        return None
    if got.type == VALUE:
        return _different_values(json.loads(bytes(got.data)), json.loads(bytes(want.data)), tolerance, worst)
    (values, bits), (wanted, wanted_bits) = _elements(got), _elements(want)
    differs = bits != wanted_bits
    if got.type in FLOATS or got.type in SMALL_FLOATS:
        differs &= ~_close(values.astype(numpy.float64), wanted.astype(numpy.float64), tolerance, worst or Worst())
    found = numpy.flatnonzero(differs)
    if len(found) == 0:
        return None
    i, width = int(found[0]), element_types.byte_size(got.type, 8)
    return f'element {i} is {_show(values[i], bits[i], width)} instead of {_show(wanted[i], wanted_bits[i], width)}'


def _close(values: Any, wanted: Any, tolerance: float, worst: Worst) -> Any:
    with numpy.errstate(all='ignore'):
        off = numpy.where(values == wanted, 0.0, numpy.abs(values - wanted) / (1 + numpy.abs(wanted)))
    finite = off[numpy.isfinite(off)]
    if len(finite):
        worst.value = max(worst.value, float(finite.max()))
    if tolerance == 0:
        return numpy.zeros(len(values), bool)
    return (off <= tolerance) | (numpy.isnan(values) & numpy.isnan(wanted))


def _different_values(got: Any, want: Any, tolerance: float, worst: Optional[Worst], at: str = '') -> Optional[str]:
    """The same of values out of JSON: floats within the tolerance, all else equal."""
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        for i, (one, other) in enumerate(zip(got, want)):
            why = _different_values(one, other, tolerance, worst, f'{at}[{i}]')
            if why:
                return why
        return None
    if isinstance(got, float) and isinstance(want, float):
        off = abs(got - want) / (1 + abs(want))
        if worst is not None and math.isfinite(off):
            worst.value = max(worst.value, off)
        if got == want or (tolerance > 0 and (off <= tolerance or (math.isnan(got) and math.isnan(want)))):
            return None
    elif got == want:
        return None
    return f'element {at or "0"} is {got} instead of {want}'
