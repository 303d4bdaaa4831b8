"""The smallest ONNX models: one that moves data, and one of many operators that do next to nothing."""

from __future__ import annotations

from typing import List, Sequence, Union

_FLOAT, _IR_VERSION, _OPSET = 1, 8, 13


def _varint(value: int) -> bytes:
    out: List[int] = []
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field * 8) + _varint(value)


def _message(field: int, *parts: Union[bytes, str]) -> bytes:
    body = b''.join(part.encode() if isinstance(part, str) else part for part in parts)
    return _varint(field * 8 + 2) + _varint(len(body)) + body


def _vector(field: int, name: str, length: int) -> bytes:
    shape = _message(2, _message(1, _number(1, length)))
    return _message(field, _message(1, name), _message(2, _message(1, _number(1, _FLOAT), shape)))


def _node(operator: str, name: str, taken: str, made: str) -> bytes:
    return _message(1, _message(1, taken), _message(2, made), _message(3, name), _message(4, operator))


def _model(nodes: Sequence[bytes], length: int) -> bytes:
    graph = _message(7, *nodes, _message(2, 'tiny'), _vector(11, 'x', length), _vector(12, 'y', length))
    return _number(1, _IR_VERSION) + graph + _message(8, _message(1, ''), _number(2, _OPSET))


def identity_model(length: int) -> bytes:
    """An ONNX model y = Identity(x), x being float32[length]."""
    return _model([_node('Identity', 'identity', 'x', 'y')], length)


def chain_model(count: int) -> bytes:
    """An ONNX model that negates x, float32[1], `count` times. No runtime is known to shorten it."""
    names = ['x', *(f't{i}' for i in range(1, count)), 'y']
    return _model([_node('Neg', f'neg{i}', names[i], names[i + 1]) for i in range(count)], 1)
