"""ONNX's element types: numbers, names, sizes, and how their bytes become Python numbers."""
import array
import struct
import sys
from typing import Iterable, List

FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL = range(1, 10)
FLOAT16, DOUBLE, UINT32, UINT64, COMPLEX64, COMPLEX128, BFLOAT16 = range(10, 17)

NAMES = {
    FLOAT: 'float32', UINT8: 'uint8', INT8: 'int8', UINT16: 'uint16', INT16: 'int16', INT32: 'int32', INT64: 'int64',
    STRING: 'string', BOOL: 'bool', FLOAT16: 'float16', DOUBLE: 'float64', UINT32: 'uint32', UINT64: 'uint64',
    COMPLEX64: 'complex64', COMPLEX128: 'complex128', BFLOAT16: 'bfloat16', 17: 'float8e4m3fn', 18: 'float8e4m3fnuz',
    19: 'float8e5m2', 20: 'float8e5m2fnuz', 21: 'uint4', 22: 'int4', 23: 'float4e2m1',
}
FLOATS = frozenset((FLOAT, FLOAT16, DOUBLE, BFLOAT16))
INTEGERS = frozenset((UINT8, INT8, UINT16, INT16, INT32, INT64, UINT32, UINT64, BOOL))

# Of the types whose values Python's array module can read; 16-bit floats are read by themselves.
_CODES = {FLOAT: 'f', UINT8: 'B', INT8: 'b', UINT16: 'H', INT16: 'h', INT32: 'i', INT64: 'q', BOOL: 'B', DOUBLE: 'd',
          UINT32: 'I', UINT64: 'Q'}
_BITS = {UINT8: 8, INT8: 8, UINT16: 16, INT16: 16, INT32: 32, INT64: 64, UINT32: 32, UINT64: 64}
_SIGNED = frozenset((INT8, INT16, INT32, INT64))


def name_of(element_type: int) -> str:
    """The name of a type, also of one that this program does not know."""
    return NAMES.get(element_type, f'type {element_type}')


def is_readable(element_type: int) -> bool:
    """Whether from_bytes() and from_bits() know the type."""
    return element_type in _CODES or element_type in (FLOAT16, BFLOAT16)


def size_of(element_type: int) -> int:
    """Bytes of one element of a readable type."""
    return 2 if element_type in (FLOAT16, BFLOAT16) else array.array(_CODES[element_type]).itemsize


def _half(bits: int) -> float:
    return struct.unpack('<e', struct.pack('<H', bits & 0xffff))[0]


def _brain(bits: int) -> float:
    return struct.unpack('<f', struct.pack('<I', (bits & 0xffff) << 16))[0]


def from_bytes(element_type: int, data: bytes) -> list:
    """The numbers in little-endian bytes."""
    narrow = element_type in (FLOAT16, BFLOAT16)
    values = array.array('H' if narrow else _CODES[element_type])
    values.frombytes(data)
    if sys.byteorder == 'big':
        values.byteswap()
    return from_bits(element_type, values) if narrow or element_type == BOOL else values.tolist()


def from_bits(element_type: int, values: Iterable) -> list:
    """The numbers in a typed field, in which 16-bit floats are stored as integers and booleans as 0 and 1."""
    if element_type in (FLOAT16, BFLOAT16):
        convert = _half if element_type == FLOAT16 else _brain
        return [convert(value) for value in values]
    return [bool(value) for value in values] if element_type == BOOL else list(values)


def wrapped(element_type: int, values: Iterable) -> List:
    """Numbers as the type holds them: truncated and wrapped integers, truth values, floats as they are."""
    if element_type == BOOL:
        return [bool(value) for value in values]
    if element_type not in _BITS:
        return [float(value) for value in values] if element_type in FLOATS else list(values)
    bits = _BITS[element_type]
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    whole = [int(value) & mask if abs(value) != float('inf') and value == value else 0 for value in values]
    return [value - (sign << 1) if value & sign else value for value in whole] if element_type in _SIGNED else whole
