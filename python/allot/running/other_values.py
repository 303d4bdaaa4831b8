"""Values that are no tensors, sequences and maps, as JSON and back."""

from __future__ import annotations

import json
from typing import Any

import numpy

_ARRAY, _MAP, _NUMBER = 'array', 'map', 'number'


def encode(value: Any) -> bytes:
    """A value as ONNX Runtime gives it, as JSON. Raises ValueError for what is neither tensor, sequence nor map."""
    return json.dumps(_plain(value)).encode()


def decode(data: bytes) -> Any:
    """What encode() was given, as ONNX Runtime takes it."""
    return _value(json.loads(data))


def _plain(value: Any) -> Any:
    if isinstance(value, numpy.ndarray):
        return [_ARRAY, str(value.dtype), list(value.shape), value.reshape(-1).tolist()]
    if isinstance(value, numpy.generic):
        return [_NUMBER, value.item()]
    if isinstance(value, (list, tuple)):
        return ['list', *map(_plain, value)]
    if isinstance(value, dict):
        return [_MAP, *([key, _plain(value[key])] for key in sorted(value))]
    if isinstance(value, (bool, int, float, str)):
        return [_NUMBER, value]
    raise ValueError(f'a value of the type {type(value).__name__}')


def _value(plain: Any) -> Any:
    kind, *rest = plain
    if kind == _ARRAY:
        return numpy.array(rest[2], dtype=rest[0]).reshape(rest[1])
    if kind == _NUMBER:
        return rest[0]
    if kind == _MAP:
        return {key: _value(value) for key, value in rest}
    return [_value(one) for one in rest]
