"""What a model is given at each step, besides its state: a decoder the tokens that it chose, and inputs that tell where it is;
any other model its next inputs."""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence

import numpy

from ..errors import RunError
from .inputs import Inputs
from .tensors import Tensor

_TOKENS = ('input_ids', 'decoder_input_ids', 'input_tokens')
_LOGITS = 'logits'
_MASKS = ('attention_mask', 'decoder_attention_mask')
_POSITIONS = ('position_ids', 'cache_position', 'decoder_position_ids')


def tokens_input(inputs: Sequence[str], outputs: Sequence[str], has_state: bool) -> Optional[str]:
    """The input that takes tokens, if the model is a decoder."""
    if not has_state or _LOGITS not in outputs:
        return None
    return next((name for name in _TOKENS if name in inputs), None)


def likeliest(logits: Tensor) -> List[int]:
    """For each of a batch the token that the last position finds likeliest, the first of equals. Raises RunError."""
    if logits.type not in ('float32', 'float64', 'float16') or len(logits.dims) not in (2, 3) or 0 in logits.dims:
        raise RunError(f'the output {_LOGITS} is {logits.type}{list(logits.dims)}, out of which no token can be chosen; '
                       'expected floats of [batch, position, token]')
    values = logits.data.reshape(logits.dims)
    last = values[:, -1] if len(logits.dims) == 3 else values
    return [int(token) for token in last.argmax(axis=-1)]


class Steps:
    """The inputs of one step after the other. `sets` are those of the model's beginning, taken in turn by what is no decoder."""

    def __init__(self, sets: Sequence[Inputs], tokens: Optional[str]) -> None:
        self._sets, self._tokens = sets, tokens
        self.chosen: List[List[int]] = []  # the tokens of each step of a decoder
        self._given: Inputs = {}

    @property
    def is_decoder(self) -> bool:
        """Whether tokens are chosen."""
        return self._tokens is not None

    def inputs(self, step: int, result: Callable[[str], Tensor]) -> Inputs:
        """Of a step, from 0 on; those of the state count in the first one only. result(name): an output of the step before."""
        if step == 0:
            self.chosen, self._given = [], dict(self._sets[0])
        elif self._tokens is None:
            self._given = dict(self._sets[step % len(self._sets)])
        else:
            self._given = self._after(self._tokens, likeliest(result(_LOGITS)))
        return self._given

    def end(self, result: Callable[[str], Tensor]) -> None:
        """Notes what the step chose."""
        if self._tokens is not None:
            self.chosen.append(likeliest(result(_LOGITS)))

    def _after(self, tokens: str, chosen: List[int]) -> Inputs:
        given = dict(self._given)
        before = given[tokens]
        flat = len(before.dims) == 1
        given[tokens] = Tensor(before.type, (len(chosen),) if flat else (len(chosen), 1), numpy.array(chosen, before.type))
        for name in _MASKS:
            if name in given and len(given[name].dims) == 2:
                given[name] = _longer(given[name])
        for name in _POSITIONS:
            if name in given and len(given[name].dims) in (1, 2) and 0 not in given[name].dims:
                given[name] = _following(given[name])
        return given


def _longer(mask: Tensor) -> Tensor:
    """One more position that counts."""
    rows, columns = mask.dims
    grown = numpy.ones((rows, columns + 1), mask.type)
    grown[:, :columns] = mask.data.reshape(rows, columns)
    return Tensor(mask.type, (rows, columns + 1), grown.reshape(-1))


def _following(positions: Tensor) -> Tensor:
    """The position behind the last one."""
    last = positions.data.reshape(positions.dims)[..., -1:]
    return Tensor(positions.type, tuple(last.shape), (last + 1).astype(positions.type).reshape(-1))


