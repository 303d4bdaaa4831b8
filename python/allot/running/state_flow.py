"""Where the state of a placement lives: who makes it, who takes it at the next step, and what of it has to travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

from .dataflow import Dataflow
from .manifest import StatePair


@dataclass(frozen=True)
class StateHome:
    """A pair in a placement. `home`: the device that makes it; `uses`: how many parts there take it at the next step; `sent_to`:
    devices that take it as well, at this step or at the next one, so that it has to be sent to them."""

    pair: StatePair
    home: str
    uses: int
    sent_to: Tuple[str, ...]

    @property
    def stays(self) -> bool:
        """Nobody needs it but the device that makes it."""
        return not self.sent_to


def state_homes(flow: Dataflow, pairs: Sequence[StatePair]) -> List[StateHome]:
    """Of the first lane. Pairs whose output no part makes, being an input as it is, are left out."""
    tensors = flow.lanes[0].tensors
    homes: List[StateHome] = []
    for pair in pairs:
        made, taken = tensors[pair.output], tensors[pair.input]
        if made.producer < 0:
            continue
        home = flow.parts[made.producer].device
        sent_to = tuple(device for device in dict.fromkeys((*made.uses_on, *taken.uses_on)) if device != home)
        homes.append(StateHome(pair, home, taken.uses_on.get(home, 0), sent_to))
    return homes
