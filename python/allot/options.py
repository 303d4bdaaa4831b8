"""Options of the library from what Python callers write."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from .errors import InvalidInput
from .library import Handle, bytes_of, library

Path = Union[str, 'os.PathLike[str]']
# {'conv.*': 'gpu0'}, or pairs where one expression stands for several devices.
Rules = Union[Mapping[str, str], Iterable[Tuple[str, str]]]
Setting = Tuple[str, Any]


def make_options(settings: Iterable[Setting]) -> Handle:
    """A handle with these options, in this order; those that are None are left at their default. Raises AllotError."""
    lib = library()
    options = Handle('options', lambda place: lib.check('options_create', place))
    if lib.has_milp:
        lib.check('options_add_milp', options.value)
    for name, value in settings:
        if value is not None:
            lib.check('options_set', options.value, name.encode(), bytes_of(_written(value), name))
    return options


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else os.fspath(value) if hasattr(value, '__fspath__') else str(value)


def several(name: str, values: Union[None, Path, Sequence[Path]]) -> List[Setting]:
    """An option that may be given more than once: one value, or a sequence."""
    if values is None:
        return []
    if isinstance(values, str) or hasattr(values, '__fspath__'):
        return [(name, values)]
    return [(name, value) for value in values]


def pairs(name: str, values: Optional[Union[Mapping[str, Any], Iterable[Tuple[str, Any]]]], example: str) -> List[Setting]:
    """An option of the form LEFT=RIGHT from a mapping or from pairs. Raises InvalidInput."""
    if values is None:
        return []
    found = list(values.items()) if isinstance(values, Mapping) else list(values)
    for pair in found:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise InvalidInput(f'{name}: {pair!r} is no pair: write {example}')
    return [(name, f'{left}={right}') for left, right in found]
