"""State: outputs of a model that are inputs of its next step, as caches of decoders and recurrent networks have it.

Pairs are given, or said by the manifest, or found by name: what is left of both names without the words that say which is the
older one must be the same (`present.0.key` and `past_key_values.0.key`, `stateN` and `state`, `new_h` and `h`), and of both types.
Where that fits several there is no guess.
"""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

from ..errors import InvalidInput
from ..support.nearest_name import suggestion
from .manifest import Manifest, Signature, StatePair

AUTO, OFF = 'auto', 'off'
# Of the words of a name: which of the two it is, and nothing of what it is.
_AGES = frozenset(('past', 'present', 'new', 'next', 'old', 'prev', 'previous', 'last', 'updated', 'in', 'out', 'input', 'output',
                   'initial', 'init', 'final', 'n', 'current', 'cur'))
_WORD = re.compile(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+')


def _stem(name: str) -> Tuple[str, ...]:
    """What a name says besides its age. A cache is called by `key_values` on one side only."""
    words = [word.lower() for word in _WORD.findall(name)]
    words = [words[0][0], words[0][1]] if len(words) == 1 and words[0] in ('hn', 'cn') else words
    kept: List[str] = []
    for i, word in enumerate(words):
        if words[i:i + 2] == ['key', 'values'] or (word == 'values' and words[i - 1:i] == ['key']):
            continue
        if word not in _AGES:
            kept.append(word)
    # A lone state of a cell: h0 and hn, c0 and cn.
    return tuple(kept[:1]) if len(kept) == 2 and kept[0] in ('h', 'c') and kept[1] == '0' else tuple(kept)


def _fit(output: Signature, wanted: Signature) -> bool:
    """Whether a result can be given back: the same type, and no fixed size that differs."""
    if output.dtype is None or output.dtype != wanted.dtype or output.kind is not None or wanted.kind is not None:
        return False
    if output.shape is None or wanted.shape is None:
        return True
    return len(output.shape) == len(wanted.shape) and all(
        not (isinstance(a, int) and isinstance(b, int)) or a == b for a, b in zip(output.shape, wanted.shape))


def find_state(manifest: Manifest) -> Tuple[Tuple[StatePair, ...], List[str]]:
    """The pairs that names tell, in the order of the outputs; and what fits several, in words. O(names)."""
    unknown = Signature(None, None)
    inputs: Dict[Tuple[str, ...], List[str]] = {}
    outputs: Dict[Tuple[str, ...], List[str]] = {}
    for name in manifest.inputs:
        inputs.setdefault(_stem(name), []).append(name)
    for name in manifest.outputs:
        if name not in manifest.inputs:
            outputs.setdefault(_stem(name), []).append(name)
    pairs: List[StatePair] = []
    unclear: List[str] = []
    for stem, makers in outputs.items():
        fitting = [(maker, taker) for maker in makers for taker in inputs.get(stem, ())
                   if _fit(manifest.signature.get(maker, unknown), manifest.signature.get(taker, unknown))]
        if len(fitting) == 1 and stem:
            pairs.append(StatePair(*fitting[0]))
        elif len(fitting) > 1:
            unclear.append(f"{', '.join(dict.fromkeys(maker for maker, _ in fitting))} and "
                           f"{', '.join(dict.fromkeys(taker for _, taker in fitting))}")
    order = {name: i for i, name in enumerate(manifest.outputs)}
    return tuple(sorted(pairs, key=lambda pair: order[pair.output])), unclear


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


def state_of(manifest: Manifest, asked: str) -> Tuple[Tuple[StatePair, ...], List[str]]:
    """The pairs for what was asked for (AUTO, OFF, or pairs), and what is unclear, in words. Raises InvalidInput."""
    if asked == OFF:
        return (), []
    if asked != AUTO:
        return parse_state(asked, manifest), []
    if manifest.state is not None:
        return manifest.state, []
    return find_state(manifest)


def names_of(pairs: Sequence[StatePair]) -> Dict[str, str]:
    """Input -> output."""
    return {pair.input: pair.output for pair in pairs}
