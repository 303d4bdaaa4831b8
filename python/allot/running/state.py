"""State: outputs of a model that are inputs of its next step, as caches of decoders and recurrent networks have it.

Pairs are said by the manifest, where planning has found them by name, or given.
"""

from __future__ import annotations

import re
from typing import List, Tuple

from ..errors import InvalidInput
from ..support.nearest_name import suggestion
from .manifest import Manifest, Signature, StatePair

AUTO, OFF = 'auto', 'off'


def _fit(output: Signature, wanted: Signature) -> bool:
    """Whether a result can be given back: the same type, and no fixed size that differs."""
    if output.dtype is None or output.dtype != wanted.dtype or output.kind is not None or wanted.kind is not None:
        return False
    if output.shape is None or wanted.shape is None:
        return True
    return len(output.shape) == len(wanted.shape) and all(
        not (isinstance(a, int) and isinstance(b, int)) or a == b for a, b in zip(output.shape, wanted.shape))


def parse_state(text: str, manifest: Manifest) -> Tuple[StatePair, ...]:
    """'OUT=IN,OUT=IN' as pairs. Names may hold '=' and ',': a piece is a pair as soon as it is one of the model's. Raises
    InvalidInput."""
    pairs: List[StatePair] = []
    begun = ''
    for piece in text.split(','):
        begun = f'{begun},{piece}' if begun else piece
        pair = _pair(begun, manifest)
        if pair is not None:
            pairs.append(pair)
            begun = ''
    if begun:
        raise InvalidInput(_why_no_pair(begun, manifest))
    for names in ([pair.output for pair in pairs], [pair.input for pair in pairs]):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidInput(f'--state: {twice} is there twice')
    for pair in pairs:
        output, wanted = manifest.signature.get(pair.output), manifest.signature.get(pair.input)
        if output is not None and wanted is not None and not _fit(output, wanted):
            raise InvalidInput(f'--state={pair.output}={pair.input}: the output has another type than the input')
    return tuple(pairs)


def _pair(text: str, manifest: Manifest) -> 'StatePair | None':
    for at in (found.start() for found in re.finditer('=', text)):
        if text[:at] in manifest.outputs and text[at + 1:] in manifest.inputs:
            return StatePair(text[:at], text[at + 1:])
    return None


def _why_no_pair(text: str, manifest: Manifest) -> str:
    output, equals, name = text.partition('=')
    if not equals:
        return f'--state={text}: expected auto, off, or OUTPUT=INPUT,...'
    if output not in manifest.outputs:
        return f"--state={text}: the model has no output '{output}'{suggestion(output, manifest.outputs)}"
    return f"--state={text}: the model has no input '{name}'{suggestion(name, manifest.inputs)}"


def state_of(manifest: Manifest, asked: str) -> Tuple[StatePair, ...]:
    """The pairs for what was asked for (AUTO, OFF, or pairs). Raises InvalidInput."""
    if asked == OFF:
        return ()
    return (manifest.state or ()) if asked == AUTO else parse_state(asked, manifest)
