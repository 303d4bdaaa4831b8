"""Writes ONNX models for tests, from a description in plain data, without any package."""

import struct


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes([*out, value])


def number(field, value):
    return varint(field * 8) + varint(value)


def message(field, *parts):
    body = b''.join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field * 8 + 2) + varint(len(body)) + body


def real(field, value):
    return varint(field * 8 + 5) + struct.pack('<f', value)


_FLOAT, _FLOAT_ATTRIBUTE, _GRAPH_ATTRIBUTE = 1, 1, 5


def _vector(field, name, *dims):
    shape = [message(1, number(1, dim) if isinstance(dim, int) else message(2, dim)) for dim in dims]
    return message(field, message(1, name), message(2, message(1, number(1, _FLOAT), message(2, *shape))))


def _weight(name, *dims):
    count = 1
    for dim in dims:
        count *= dim
    data = struct.pack(f'<{count}f', *((i * 37 % 19 - 9) / 64 for i in range(count)))
    return message(5, *(number(1, dim) for dim in dims), number(2, _FLOAT), message(8, name), message(9, data))


def _node(op, inputs, outputs, name='', domain=None, bodies=(), value=None):
    parts = [message(1, one) for one in inputs] + [message(2, one) for one in outputs] + [message(3, name), message(4, op)]
    parts += [message(5, message(1, f'body{i}'), _graph(6, **body), number(20, _GRAPH_ATTRIBUTE)) for i, body in enumerate(bodies)]
    if value is not None:
        parts.append(message(5, message(1, 'value_float'), real(2, value), number(20, _FLOAT_ATTRIBUTE)))
    if domain is not None:
        parts.append(message(7, domain))
    return message(1, *parts)


def _graph(field, nodes, inputs=(), outputs=(), weights=()):
    return message(field, *(_node(**node) for node in nodes), message(2, 'g'), *(_weight(*one) for one in weights),
                   *(_vector(11, *one) for one in inputs), *(_vector(12, *one) for one in outputs))


def onnx_model(**description):
    """Bytes of a model of nodes ({op, inputs, outputs, name, ...}), inputs, outputs and weights; tensors are float32, given
    as (name, *dims)."""
    return number(1, 8) + _graph(7, **description) + message(8, message(1, ''), number(2, 13))
