"""Types of elements: what ONNX, ONNX Runtime and numpy call them, and how many bits they have."""

from __future__ import annotations

from typing import Dict, Optional

# By the names that manifests use: ONNX's number, ONNX Runtime's name, bits.
_TYPES = {
    'float32': (1, 'float', 32), 'uint8': (2, 'uint8', 8), 'int8': (3, 'int8', 8), 'uint16': (4, 'uint16', 16),
    'int16': (5, 'int16', 16), 'int32': (6, 'int32', 32), 'int64': (7, 'int64', 64), 'string': (8, 'string', 0),
    'bool': (9, 'bool', 8), 'float16': (10, 'float16', 16), 'float64': (11, 'double', 64), 'uint32': (12, 'uint32', 32),
    'uint64': (13, 'uint64', 64), 'complex64': (14, 'complex64', 64), 'complex128': (15, 'complex128', 128),
    'bfloat16': (16, 'bfloat16', 16), 'float8e4m3fn': (17, 'float8e4m3fn', 8), 'float8e4m3fnuz': (18, 'float8e4m3fnuz', 8),
    'float8e5m2': (19, 'float8e5m2', 8), 'float8e5m2fnuz': (20, 'float8e5m2fnuz', 8), 'uint4': (21, 'uint4', 4),
    'int4': (22, 'int4', 4), 'float4e2m1': (23, 'float4e2m1', 4), 'float8e8m0': (24, 'float8e8m0', 8),
    'uint2': (25, 'uint2', 2), 'int2': (26, 'int2', 2),
}

STRING = 'string'
NUMPY = frozenset(('float32', 'float64', 'float16', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool'))
"""What numpy has by the same name. Elements of the others, but strings, are bytes to us."""
FLOATS = frozenset(('float32', 'float64', 'float16'))
_BY_NUMBER = {number: name for name, (number, _, _) in _TYPES.items()}
_BY_RUNTIME_NAME: Dict[str, str] = {runtime: name for name, (_, runtime, _) in _TYPES.items()}


def is_element_type(name: object) -> bool:
    """Whether ONNX has such elements."""
    return isinstance(name, str) and name in _TYPES


def number_of(name: str) -> int:
    """ONNX's number of an element type."""
    return _TYPES[name][0]


def name_of(number: int) -> str:
    """The element type of a number of ONNX's; 'type N' for one that is newer than this."""
    return _BY_NUMBER.get(number, f'type {number}')


def element_type(runtime_type: str) -> Optional[str]:
    """'tensor(float)' as 'float32'; None for what is no tensor."""
    if not (runtime_type.startswith('tensor(') and runtime_type.endswith(')')):
        return None
    inner = runtime_type[len('tensor('):-1]
    return _BY_RUNTIME_NAME.get(inner, inner)


def byte_size(name: str, count: int) -> int:
    """Bytes of `count` elements; smaller ones than bytes are packed. Not of strings."""
    return (count * _TYPES[name][2] + 7) // 8
