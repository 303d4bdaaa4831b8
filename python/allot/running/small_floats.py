"""Values of floats that numpy does not have: bfloat16 and those of 8 bits and fewer."""

from __future__ import annotations

import functools
from typing import Any, Dict, Tuple

import numpy

# Bits of exponent and fraction, bias, and what the largest exponent means: 'ieee' (infinities and NaN), 'fn' (NaN only in the
# last fraction), 'fnuz' (NaN is minus zero), 'none'.
_FORMATS: Dict[str, Tuple[int, int, int, str]] = {
    'float8e4m3fn': (4, 3, 7, 'fn'), 'float8e4m3fnuz': (4, 3, 8, 'fnuz'), 'float8e5m2': (5, 2, 15, 'ieee'),
    'float8e5m2fnuz': (5, 2, 16, 'fnuz'), 'float4e2m1': (2, 1, 1, 'none'),
}
SMALL_FLOATS = frozenset((*_FORMATS, 'bfloat16', 'float8e8m0'))


@functools.lru_cache(maxsize=None)
def _values(name: str) -> Any:
    """The value of every code."""
    if name == 'float8e8m0':  # a power of two
        return numpy.array([2.0 ** (code - 127) for code in range(255)] + [float('nan')])
    exponent_bits, fraction_bits, bias, kind = _FORMATS[name]
    values = []
    for code in range(1 << (1 + exponent_bits + fraction_bits)):
        sign = -1.0 if code >> (exponent_bits + fraction_bits) else 1.0
        exponent, fraction = (code >> fraction_bits) & ((1 << exponent_bits) - 1), code & ((1 << fraction_bits) - 1)
        last = exponent == (1 << exponent_bits) - 1
        if kind == 'fnuz' and sign < 0 and exponent == 0 and fraction == 0:
            values.append(float('nan'))
        elif kind == 'ieee' and last:
            values.append(float('nan') if fraction else sign * float('inf'))
        elif kind == 'fn' and last and fraction == (1 << fraction_bits) - 1:
            values.append(float('nan'))
        elif exponent == 0:
            values.append(sign * fraction * 2.0 ** (1 - bias - fraction_bits))
        else:
            values.append(sign * (1 + fraction / (1 << fraction_bits)) * 2.0 ** (exponent - bias))
    return numpy.array(values)


def decode(name: str, codes: Any) -> Any:
    """Codes, one an element, as float64."""
    if name == 'bfloat16':
        with numpy.errstate(invalid='ignore'):  # NaN of any kind
            return (codes.astype(numpy.uint32) << 16).view(numpy.float32).astype(numpy.float64)
    return _values(name)[codes]


def encode(name: str, values: Any) -> Any:
    """The codes of the nearest values, ties to even fractions for bfloat16, to the lower code otherwise; what is too large becomes
    the largest. NaN is none of them."""
    if name == 'bfloat16':
        bits = values.astype(numpy.float32).view(numpy.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)
    table = _values(name)
    finite = numpy.flatnonzero(numpy.isfinite(table))
    order = finite[numpy.argsort(table[finite], kind='stable')]
    known = table[order]
    right = numpy.clip(numpy.searchsorted(known, values), 1, len(known) - 1)
    nearer_left = values - known[right - 1] <= known[right] - values
    return order[numpy.where(nearer_left, right - 1, right)].astype(numpy.uint8)
