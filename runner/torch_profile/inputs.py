"""Inputs of a model, valid by the rules of its side file NAME.inputs.json.

    {"dims": {"batch": 2},
     "inputs": {"ids": {"low": 0, "high": 1000}, "mask": {"value": 1}, "rate": {"values": [16000]},
                "x": {"shape": [1, 3, 32, 32], "scale": 0.5, "mean": 0}, "y": {"omit": true}}}
"""
import difflib
import json
import os
import random
import zlib
from typing import Any, Dict, List, Optional, Tuple

from . import element_types as types
from .backend import Backend
from .errors import UserError
from .files import open_regular
from .host_array import HostArray, count_of
from .onnx_reader import Dimension, Graph
from .onnx_reader import Value as Declared
from .operator_table import Value

_KEYS = ('low', 'high', 'scale', 'mean', 'value', 'values', 'shape', 'omit')
# Integer inputs of more elements are not kept on the host.
_MOST_KNOWN = 1 << 20


class InputRules:
    """What is valid input: sizes of named dimensions and a rule for each input."""

    def __init__(self, sizes: Dict[str, int], rules: Dict[str, dict], default_size: int = 1):
        self.sizes = sizes
        self.rules = rules
        self.default_size = default_size

    def dims_of(self, declared: Declared) -> Tuple[int, ...]:
        """The sizes of an input; open ones get the default."""
        given = self.rules.get(declared.name, {}).get('shape')
        if given is not None:
            return tuple(given)
        return tuple(self.size_of(dim, self.default_size) or 0 for dim in declared.dims or ())

    def size_of(self, dim: Dimension, default: Optional[int] = None) -> Optional[int]:
        """The size of a dimension, or `default` if nothing tells."""
        if isinstance(dim, int):
            return dim if dim >= 0 else default
        return self.sizes.get(dim, default)


def read_rules(model: str, given: Optional[str], sizes: Dict[str, int], default_size: int) -> InputRules:
    """The side file of a model, or `given`, which must exist; `sizes` win over the file's. Raises UserError."""
    path = given or (model[:-5] if model.endswith('.onnx') else model) + '.inputs.json'
    if given is None and not os.path.exists(path):
        return InputRules(dict(sizes), {}, default_size)
    try:
        with open_regular(path) as file:
            spec = json.load(file)
    except (OSError, ValueError) as error:
        raise UserError(f'{path}: {error}') from None
    if not isinstance(spec, dict) or not set(spec) <= {'dims', 'inputs'} or \
            not all(isinstance(part, dict) for part in spec.values()):
        raise UserError(f'{path}: expected an object with "dims" and "inputs"')
    for name, size in spec.get('dims', {}).items():
        if not _is_size(size):
            raise UserError(f'{path}: dims: {name}: expected a size, not {json.dumps(size)}')
    for name, rule in spec.get('inputs', {}).items():
        wrong = _wrong_in(rule)
        if wrong:
            raise UserError(f'{path}: inputs: {name}: {wrong}')
    return InputRules({**spec.get('dims', {}), **sizes}, spec.get('inputs', {}), default_size)


def unknown_names(graph: Graph, rules: InputRules) -> List[str]:
    """A line for each input and dimension with a rule that the model does not have: they are misspelt."""
    inputs = [declared.name for declared in graph.inputs]
    values = [*graph.inputs, *graph.outputs, *graph.infos.values()]
    symbols = sorted({dim for value in values for dim in value.dims or () if isinstance(dim, str) and dim})
    lines = [f'the model has no {what} {name!r}{_suggestion(name, known)}'
             for what, names, known in (('input', rules.rules, inputs), ('dimension', rules.sizes, symbols))
             for name in names if name not in known]
    return lines


def _suggestion(name: str, known: List[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f'; did you mean {near[0]!r}?' if near else f' (there are {", ".join(known[:8]) or "none"})'


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _wrong_in(rule: Any) -> str:
    if not isinstance(rule, dict):
        return 'expected an object'
    for key, value in rule.items():
        if key not in _KEYS:
            return f'unknown key "{key}"; there are {", ".join(_KEYS)}'
        if key == 'shape':
            fits = isinstance(value, list) and all(_is_size(size) for size in value)
        elif key == 'values':
            fits = isinstance(value, list) and value != [] and all(isinstance(v, (int, float, str)) for v in value)
        elif key in ('low', 'high'):
            fits = isinstance(value, int)
        else:
            fits = isinstance(value, (int, float, str)) if key == 'value' else isinstance(value, (int, float))
        if not fits:
            return f'"{key}": {json.dumps(value)} does not fit'
    return ''


def make_inputs(graph: Graph, rules: InputRules, backend: Backend, seed: int) -> Dict[str, Optional[Value]]:
    """A value for each input that has no default; None for one that is no tensor of numbers or is omitted."""
    values: Dict[str, Optional[Value]] = {}
    for declared in graph.inputs:
        if declared.name not in graph.initializers and declared.name not in graph.sparse:
            values[declared.name] = _make_input(declared, rules, backend, seed)
    return values


def _make_input(declared: Declared, rules: InputRules, backend: Backend, seed: int) -> Optional[Value]:
    rule, kind = rules.rules.get(declared.name, {}), declared.element_type
    if rule.get('omit') or kind not in types.FLOATS | types.INTEGERS:
        return None
    dims = rules.dims_of(declared)
    count, own_seed = count_of(dims), zlib.crc32(declared.name.encode()) ^ seed
    fixed: Optional[List] = rule.get('values') or ([rule['value']] if 'value' in rule else None)
    if fixed is not None:
        data = [fixed[i % len(fixed)] for i in range(count)]
        return Value(host=HostArray(dims, kind, types.wrapped(kind, map(float if kind in types.FLOATS else int, data))))
    if kind in types.FLOATS or count > _MOST_KNOWN:
        return Value(tensor=backend.random(dims, kind, rule.get('scale', 1.0), rule.get('mean', 0.0), own_seed))
    usual = {types.UINT8: (0, 256), types.INT8: (-128, 128), types.BOOL: (0, 2)}.get(kind, (0, 8))
    low = rule.get('low', usual[0])
    high = max(rule.get('high', usual[1]), low + 1)
    numbers = random.Random(own_seed)
    return Value(host=HostArray(dims, kind, types.wrapped(kind, (numbers.randrange(low, high) for _ in range(count)))))
