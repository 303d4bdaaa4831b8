"""The sets of inputs that samples take in turn."""

from __future__ import annotations

from typing import List, Mapping, Optional

from .inputs import Inputs, InputType, make_inputs, read_inputs
from .manifest import Manifest, Signature
from .side_file import read_input_spec, warn_of_unknown
from .whole_model import fixed_inputs


def input_types(manifest: Manifest) -> List[InputType]:
    """What the model takes, as far as the manifest says it."""
    unknown = Signature(None, None)
    said = [(name, manifest.signature.get(name, unknown)) for name in manifest.inputs]
    return [InputType(name, one.dtype if one.kind is None else None, one.shape or (), one.kind == 'optional') for name, one in said]


def make_input_sets(manifest: Manifest, *, count: int, seed: int, dims: Mapping[str, int], default_dim: Optional[int] = None,
                    spec_file: Optional[str] = None, folder: Optional[str] = None) -> List[Inputs]:
    """`count` sets of their own, or the one of `folder`. Raises RunError."""
    wanted, fixed = input_types(manifest), list(fixed_inputs(manifest))
    if folder is not None:
        return [read_inputs(folder, wanted, fixed)]
    spec = read_input_spec(manifest.model_path or manifest.file, spec_file)
    # A fixed input may have been the only one of its dimensions.
    symbols = list(spec.dims) if fixed else [size for one in manifest.signature.values() for size in one.shape or ()
                                             if isinstance(size, str)]
    warn_of_unknown(spec, {}, [*manifest.inputs, *fixed], list(dict.fromkeys(symbols)))
    # What the plan was made for beats the model's side file; the command line beats both.
    spec.dims = {**spec.dims, **manifest.dims, **dims}
    rest = next(size for size in (default_dim, manifest.default_dim, 1) if size is not None)
    return [make_inputs(wanted, spec, rest, seed + i) for i in range(max(1, count))]
