"""Writes small ONNX models as bytes: just enough of protobuf and of onnx.proto."""
import struct
from typing import Dict, List, Optional, Sequence

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL, HALF = 1, 2, 3, 6, 7, 8, 9, 10
_PACK = {FLOAT: 'f', UINT8: 'B', INT8: 'b', INT32: 'i', INT64: 'q', BOOL: '?', HALF: 'e'}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes(out + bytes([value]))


def number(field: int, value: int) -> bytes:
    return varint(field * 8) + varint(value)


def block(field: int, *parts) -> bytes:
    content = b''.join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field * 8 + 2) + varint(len(content)) + content


def real(field: int, value: float) -> bytes:
    return varint(field * 8 + 5) + struct.pack('<f', value)


def tensor(name: str, dims: Sequence[int], kind: int, values: Sequence) -> bytes:
    """The contents of a TensorProto with raw data."""
    return b''.join(number(1, dim) for dim in dims) + number(2, kind) + block(8, name) + \
        block(9, struct.pack(f'<{len(values)}{_PACK[kind]}', *values))


class Body(bytes):
    """A graph as an attribute's value."""


class Reference(str):
    """An attribute of the function around."""


def attribute(name: str, value) -> bytes:
    if isinstance(value, Reference):
        return block(5, block(1, name), block(21, value), number(20, 2))
    if isinstance(value, Body):
        return block(5, block(1, name), block(6, value), number(20, 5))
    if isinstance(value, bytes):
        return block(5, block(1, name), block(5, value), number(20, 4))
    if isinstance(value, str):
        return block(5, block(1, name), block(4, value), number(20, 3))
    if isinstance(value, float):
        return block(5, block(1, name), real(2, value), number(20, 1))
    if isinstance(value, int):
        return block(5, block(1, name), number(3, value), number(20, 2))
    return block(5, block(1, name), b''.join(number(8, item) for item in value), number(20, 7))


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], name: str = '', domain: str = '', **attributes) -> bytes:
    return b''.join(block(1, text) for text in inputs) + b''.join(block(2, text) for text in outputs) + \
        (block(3, name) if name else b'') + block(4, op) + (block(7, domain) if domain else b'') + \
        b''.join(attribute(key, value) for key, value in attributes.items())


def value(name: str, kind: int = FLOAT, dims: Optional[Sequence] = None) -> bytes:
    def dim(size) -> bytes:
        return block(1, block(2, size) if isinstance(size, str) else number(1, size))
    shape = block(2, *[dim(size) for size in dims]) if dims is not None else b''
    return block(1, name) + block(2, block(1, number(1, kind), shape))


def graph(nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], constants: Sequence[bytes] = (),
          infos: Sequence[bytes] = ()) -> Body:
    parts: List[bytes] = [block(1, item) for item in nodes] + [block(2, 'g')]
    parts += [block(5, item) for item in constants] + [block(11, item) for item in inputs]
    return Body(b''.join(parts + [block(12, item) for item in outputs] + [block(13, item) for item in infos]))


def model(main: bytes, opset: int = 17, functions: Sequence[bytes] = (), domains: Optional[Dict[str, int]] = None) -> bytes:
    opsets = {'': opset, **(domains or {})}
    return number(1, 8) + block(7, main) + \
        b''.join(block(8, block(1, name), number(2, version)) for name, version in opsets.items()) + \
        b''.join(block(25, function) for function in functions)


def function(name: str, domain: str, inputs: Sequence[str], outputs: Sequence[str], nodes: Sequence[bytes],
             opset: int = 17) -> bytes:
    return block(1, name) + b''.join(block(4, text) for text in inputs) + b''.join(block(5, text) for text in outputs) + \
        b''.join(block(7, item) for item in nodes) + block(9, block(1, ''), number(2, opset)) + block(10, domain)
