"""Inputs for a model: seeded, by the rules of a side file, or from a folder of tensors."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NoReturn, Optional, Sequence, Tuple, Union

import numpy

from ..errors import RunError
from ..support.files import read_input, reason
from ..support.json_files import read_json
from ..support.nearest_name import suggestion
from ..support.terminal import warn
from ..support.text import one_line
from .element_types import FLOATS, NUMPY, STRING, byte_size, is_element_type
from .random_numbers import RandomNumbers
from .side_file import InputSpec, Rule, is_size
from .small_floats import SMALL_FLOATS, encode
from .tensors import Tensor, count_of, describe

_MOST_ELEMENTS = 1 << 31  # more are a mistake, or would have to come from files
_WORDS = ('alpha', 'beta', 'Monday', 'tuesday', 'the', 'graph', '')
_ROOT_3 = 1.7320508075688772
_SMALL_INTEGERS = {'int4': (-8, 7), 'uint4': (0, 15), 'int2': (-2, 1), 'uint2': (0, 3)}
_STEP = 1 << 20  # elements made at a time, for what they need meanwhile


@dataclass(frozen=True)
class InputType:
    """What an input of a model must be. shape: sizes, names, and None for a dimension of which nothing is known."""

    name: str
    type: Optional[str]  # None: no tensor, or not known
    shape: Tuple[Union[int, str, None], ...] = ()
    optional: bool = False


Inputs = Dict[str, Tensor]


def _check_count(name: str, dims: Sequence[int]) -> int:
    count = count_of(dims)
    if count > _MOST_ELEMENTS:
        raise RunError(f'input {name} of the shape {json.dumps(list(dims), separators=(",", ":"))} would have {count} elements, more than '
                       f'{_MOST_ELEMENTS}; give smaller sizes in the side file or by --dim')
    return count


def make_input(wanted: InputType, rule: Rule, sizes: Mapping[str, int], default_dim: int, seed: int) -> Tensor:
    """One input. Its open dimensions get what `sizes` has for their names, else `default_dim`. Raises RunError for element types
    that have no values here. O(elements)."""
    kind = wanted.type
    dims = tuple(rule['shape']) if 'shape' in rule else tuple(
        size if isinstance(size, int) and size >= 0 else sizes.get(size, default_dim) if isinstance(size, str) else default_dim
        for size in wanted.shape)
    count = _check_count(wanted.name, dims)
    fixed = rule.get('values') or ([rule['value']] if 'value' in rule else None)
    random = RandomNumbers(seed, wanted.name)
    if kind is None or not (kind in NUMPY or kind == STRING or kind in SMALL_FLOATS or kind in _SMALL_INTEGERS):
        raise RunError(f'input {wanted.name}: no values can be made for type {kind}')
    # Types that numpy lacks are made as others, and are bytes then.
    wide = 'float64' if kind in SMALL_FLOATS else 'int64' if kind in _SMALL_INTEGERS else kind
    try:
        data = _fixed(wide, fixed, count) if fixed else _random(wide, rule, random, count)
        if wide != kind:
            data = _as_bytes(kind, data)
    except (ValueError, OverflowError, TypeError) as error:
        raise RunError(f'input {wanted.name}: the side file gives no {kind}: {error}') from None
    return Tensor(kind, dims, data)


def _as_bytes(kind: str, values: Any) -> Any:
    """Elements of a type that numpy lacks, small ones packed from the lowest bits on."""
    bits = byte_size(kind, 8)
    if kind in SMALL_FLOATS:
        codes = encode(kind, values)
    else:
        least, most = _SMALL_INTEGERS[kind]
        codes = (numpy.clip(values, least, most) & ((1 << bits) - 1)).astype(numpy.uint8)
    if bits >= 8:
        return codes.view(numpy.uint8)
    per_byte = 8 // bits
    padded = numpy.zeros(-(-len(codes) // per_byte) * per_byte, numpy.uint8)
    padded[:len(codes)] = codes
    shifted = padded.reshape(-1, per_byte) << (numpy.arange(per_byte, dtype=numpy.uint8) * bits)
    return numpy.bitwise_or.reduce(shifted, axis=1)


def _fixed(kind: str, values: List[Any], count: int) -> Any:
    repeated = [values[i % len(values)] for i in range(min(count, len(values)))] or values[:0]
    if kind == STRING:
        texts = [_text(value) for value in repeated]
        return [texts[i % len(texts)] for i in range(count)]
    if kind == 'bool':
        array = numpy.array([bool(value) for value in repeated], bool)
    elif kind in FLOATS:
        array = numpy.array([float(value) for value in repeated], numpy.float64).astype(kind)
    else:
        array = numpy.array([int(float(value)) if isinstance(value, (float, str)) else int(value) for value in repeated],
                            numpy.int64).astype(kind)
    return numpy.resize(array, count) if count else array[:0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _normal(random: RandomNumbers, count: int) -> Any:
    # The sum of four uniform numbers has variance 1/3: near enough to normal, and exact on every machine.
    four = random.take(4 * count).reshape(count, 4)
    return (((four[:, 0] + four[:, 1]) + four[:, 2]) + four[:, 3] - 2) * _ROOT_3


def _random(kind: str, rule: Rule, random: RandomNumbers, count: int) -> Any:
    if kind in FLOATS:
        data = numpy.empty(count, kind)
        for first in range(0, count, _STEP):
            normal = _normal(random, min(_STEP, count - first)) * rule.get('scale', 1) + rule.get('mean', 0)
            with numpy.errstate(over='ignore'):
                data[first:first + _STEP] = normal
        return data
    if kind == 'bool':
        return random.take(count) >= 0.5
    if kind == STRING:
        return [_WORDS[int(at)] for at in random.take(count) * len(_WORDS)]
    first, last = {'uint8': (0, 256), 'int8': (-128, 128)}.get(kind, (0, 8))
    low: int = rule.get('low', first)
    high = max(rule.get('high', last), low + 1)
    return (low + numpy.floor(random.take(count) * (high - low))).astype(numpy.int64).astype(kind)


def make_inputs(wanted: Sequence[InputType], spec: InputSpec, default_dim: int, seed: int) -> Inputs:
    """All inputs, but those that the side file omits. Raises RunError."""
    tensors: Inputs = {}
    for one in wanted:
        rule = spec.inputs.get(one.name, {})
        if rule.get('omit'):
            continue
        if one.type is None:
            raise RunError(f'input {one.name} is no tensor, and the runner passes tensors only')
        tensors[one.name] = make_input(one, rule, spec.dims, default_dim, seed)
    return tensors


def read_inputs(folder: str, wanted: Sequence[InputType], others: Sequence[str] = ()) -> Inputs:
    """Inputs from a folder: index.json [{name, type, dims, file}] beside raw little-endian files (JSON lists for strings).
    Checked against what the model takes: names, types, and every dimension that the model fixes. Only optional inputs may be
    missing; what is no input, nor one of `others`, is a warning. Raises RunError."""
    place = os.path.join(folder, 'index.json')
    index = read_json(place)
    if not isinstance(index, list) or not all(isinstance(entry, dict) for entry in index):
        raise RunError(f'{place}: expected a list of {{name, type, dims, file}}')
    tensors: Inputs = {}
    for one in wanted:
        entry = next((entry for entry in index if entry.get('name') == one.name), None)
        if entry is not None:
            tensors[one.name] = _read_input(folder, place, one, entry)
        elif not one.optional:
            raise RunError(f'{place}: there is no input {one.name}')
    known = [*(one.name for one in wanted), *others]
    for entry in index:
        if entry.get('name') not in known:
            name = str(entry.get('name'))
            warn(one_line(f"{place}: the model has no input '{name}'{suggestion(name, known)}"))
    return tensors


def _read_input(folder: str, place: str, wanted: InputType, entry: Dict[str, Any]) -> Tensor:
    def wrong(what: str) -> NoReturn:
        raise RunError(f'{place}: input {wanted.name}{what}')

    kind, dims, file = entry.get('type'), entry.get('dims'), entry.get('file')
    if not is_element_type(kind):
        wrong(f': no tensor can hold elements of type {kind}')
    assert isinstance(kind, str)
    if not isinstance(dims, list) or not all(map(is_size, dims)):
        wrong(': dims: expected a list of sizes')
    if not isinstance(file, str):
        wrong(': file: expected the name of a file')
    fits = wanted.type == kind and len(dims) == len(wanted.shape) and all(
        not isinstance(size, int) or size < 0 or size == found for size, found in zip(wanted.shape, dims))
    if not fits:
        sizes = ['?' if size is None or (isinstance(size, int) and size < 0) or size == '' else size for size in wanted.shape]
        takes = 'no tensor' if wanted.type is None else describe(wanted.type, sizes)
        wrong(f' is {describe(kind, dims)}, the model takes {takes}')
    return Tensor(kind, tuple(dims), _read_data(os.path.join(folder, file), kind, dims))


def _read_data(path: str, kind: str, dims: List[int]) -> Any:
    count = count_of(dims)
    if kind == STRING:
        texts = read_json(path)
        if not isinstance(texts, list) or len(texts) != count or not all(isinstance(text, str) for text in texts):
            raise RunError(f'{path}: expected a list of {count} texts')
        return texts
    try:
        raw = read_input(path)
    except OSError as error:
        raise RunError(f'{path}: {reason(error)}') from None
    if len(raw) != byte_size(kind, count):
        raise RunError(f'{path}: {len(raw)} bytes do not hold {describe(kind, dims)}')
    array = numpy.frombuffer(bytearray(raw), numpy.uint8)
    return array.view(kind) if kind in NUMPY else array
