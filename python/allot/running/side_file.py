"""What is valid input of a model, as a side file NAME.inputs.json beside NAME.onnx says it:

    {"dims":   {"batch": 2},                            sizes of symbolic dimensions
     "inputs": {"ids":  {"low": 0, "high": 1000},       integers in [low, high)
                "mask": {"value": 1},                   every element
                "rate": {"values": [16000]},            these, repeated
                "x":    {"shape": [1, 3, 32, 32], "scale": 0.5, "mean": 0},
                "y":    {"omit": true}}}                optional, not given
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, NoReturn, Optional, Sequence, Tuple

from ..errors import RunError
from ..support.json_files import read_json
from ..support.nearest_name import suggestion
from ..support.terminal import warn
from ..support.text import one_line

Rule = Dict[str, Any]
_LARGEST_INTEGER = (1 << 53) - 1


@dataclass
class InputSpec:
    """`file` is None if there is none."""

    file: Optional[str] = None
    dims: Dict[str, int] = field(default_factory=dict)
    inputs: Dict[str, Rule] = field(default_factory=dict)


def is_size(value: Any) -> bool:
    """Whether it is a size of a dimension."""
    return _is_integer(value) and value >= 0


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_INTEGER


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_element(value: Any) -> bool:
    return isinstance(value, (int, float, str, bool))


# What each key of a rule may hold.
_RULE: Dict[str, Tuple[Callable[[Any], bool], str]] = {
    'low': (_is_integer, 'an integer'), 'high': (_is_integer, 'an integer'), 'scale': (_is_number, 'a number'),
    'mean': (_is_number, 'a number'), 'value': (_is_element, 'a number, text or truth value'),
    'values': (lambda said: isinstance(said, list) and len(said) > 0 and all(map(_is_element, said)),
               'a list of numbers, texts or truth values'),
    'shape': (lambda said: isinstance(said, list) and all(map(is_size, said)), 'a list of sizes'),
    'omit': (lambda said: isinstance(said, bool), 'true or false'),
}


def _quote(value: Any) -> str:
    return json.dumps(value, separators=(',', ':'))


def read_input_spec(model_path: str, given: Optional[str] = None) -> InputSpec:
    """The side file of a model (an empty one if it has none), or `given`, which must exist. Raises RunError."""
    stem = model_path[:-len('.onnx')] if model_path.endswith('.onnx') else model_path
    file = given if given is not None else stem + '.inputs.json'
    if given is None and not os.path.exists(file):
        return InputSpec()
    said = read_json(file)

    def wrong(what: str) -> NoReturn:
        raise RunError(f'{file}: {what}')

    shape = 'expected an object with "dims" and "inputs"'
    if not isinstance(said, dict):
        wrong(shape)
    for key in said:
        if key not in ('dims', 'inputs'):
            wrong(f'unknown key "{key}"; there are "dims" and "inputs"')
    dims, inputs = said.get('dims', {}), said.get('inputs', {})
    if not isinstance(dims, dict) or not isinstance(inputs, dict):
        wrong(shape)
    for name, size in dims.items():
        if not is_size(size):
            wrong(f'dims: {name}: expected a size, not {_quote(size)}')
    for name, rule in inputs.items():
        if not isinstance(rule, dict):
            wrong(f'inputs: {name}: expected an object')
        for key, value in rule.items():
            if key not in _RULE:
                wrong(f'inputs: {name}: unknown key "{key}"; there are {", ".join(_RULE)}')
            holds, expected = _RULE[key]
            if not holds(value):
                wrong(f'inputs: {name}: "{key}": expected {expected}, not {_quote(value)}')
    return InputSpec(file, dict(dims), dict(inputs))


def warn_of_unknown(spec: InputSpec, dims: Mapping[str, int], inputs: Sequence[str], symbols: Sequence[str]) -> None:
    """Warns of names in a side file that are no input, and of sizes (its own, or `dims` of the command line) for what is no
    dimension: they are misspelt, and random values would stand in for what was meant."""
    def unknown(names: Iterable[str], known: Iterable[str]) -> List[str]:
        there = set(known)
        return [name for name in names if name not in there]

    for name in unknown(spec.inputs, inputs):
        warn(one_line(f"{spec.file}: inputs: the model has no input '{name}'{suggestion(name, inputs)}"))
    for name in unknown(spec.dims, symbols):
        warn(one_line(f"{spec.file}: dims: the model has no dimension '{name}'{suggestion(name, symbols)}"))
    for name in unknown(dims, [*symbols, *spec.dims]):
        warn(one_line(f"--dim={name}={dims[name]}: the model has no dimension '{name}'{suggestion(name, symbols)}"))
