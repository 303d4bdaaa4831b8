"""What callers give as inputs, against what the model wants."""

from __future__ import annotations

import difflib
from typing import AbstractSet, Any, Dict, Mapping, Sequence

from ..errors import InvalidInput
from .element_types import NUMPY
from .manifest import Signature

# Types that numpy has by the same name; of others the caller's array is taken as it is.
_NUMPY = NUMPY | {'complex64', 'complex128'}


def check_inputs(given: Mapping[str, Any], wanted: Sequence[str], overridable: AbstractSet[str],
                 signature: Mapping[str, Signature]) -> Dict[str, Any]:
    """The arrays to feed by name. `overridable`: further names that may be given. Raises InvalidInput."""
    missing = [name for name in wanted if name not in given]
    if missing:
        raise InvalidInput(f'inputs: {", ".join(map(repr, missing))} is missing; the model takes {", ".join(wanted)}')
    tensors = {}
    for name, value in given.items():
        if name not in wanted and name not in overridable:
            near = difflib.get_close_matches(name, [*wanted, *overridable], n=1)
            raise InvalidInput(f'inputs: the model has no input {name!r}' +
                               (f'; did you mean {near[0]!r}?' if near else f'; it takes {", ".join(wanted)}'))
        tensors[name] = _array(name, value, signature.get(name, Signature(None, None)))
    return tensors


def _array(name: str, value: Any, wanted: Signature) -> Any:
    if wanted.dtype not in _NUMPY:
        return value
    import numpy

    if not isinstance(value, numpy.ndarray):  # numbers and lists take the type that is asked for
        try:
            value = numpy.asarray(value, dtype=wanted.dtype)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f'inputs: {name}: is no array of {wanted.dtype}: {error}') from None
    if value.dtype != numpy.dtype(wanted.dtype):
        raise InvalidInput(f'inputs: {name}: is an array of {value.dtype}, and the model takes {wanted.dtype}: '
                           f'give {name}.astype({wanted.dtype!r})')
    if wanted.shape is not None and (len(wanted.shape) != value.ndim or any(
            isinstance(size, int) and size != found for size, found in zip(wanted.shape, value.shape))):
        sizes = ', '.join(str(size) if isinstance(size, int) else 'any' for size in wanted.shape)
        raise InvalidInput(f'inputs: {name}: has shape {list(value.shape)}, and the model takes [{sizes}]')
    return value
