"""What follows from a manifest's parts: who makes and takes each tensor, and what has to travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Sequence, Tuple

from .manifest import Lane, PartFile


@dataclass
class FlowTensor:
    """A tensor of a lane."""

    name: str
    producer: int  # index of a part; -1 for an input of the model
    takers: List[int] = field(default_factory=list)  # indices of parts
    is_output: bool = False
    uses_on: Dict[str, int] = field(default_factory=dict)  # device -> number of parts there that take it
    travels: bool = False  # another process needs it, so it goes through shared memory; inputs come from there anyway


@dataclass(frozen=True)
class FlowPart:
    """A part of a lane."""

    file: PartFile
    index: int
    order: int  # the launch order within the lane
    lane: int
    session: str  # the name of the first part of the device that is the same file

    @property
    def name(self) -> str:
        """Of the part."""
        return self.file.name

    @property
    def device(self) -> str:
        """That runs it."""
        return self.file.device


@dataclass(frozen=True)
class FlowLane:
    """One of the placements that take turns."""

    share: int
    parts: Tuple[int, ...]  # indices
    tensors: Dict[str, FlowTensor]


@dataclass(frozen=True)
class Dataflow:
    """What runs: lanes that take turns. `turns`: of a cycle of samples, the lane of each."""

    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    parts: Tuple[FlowPart, ...]
    lanes: Tuple[FlowLane, ...]
    turns: Tuple[int, ...]


def make_dataflow(inputs: Sequence[str], outputs: Sequence[str], lanes: Sequence[Lane]) -> Dataflow:
    """Of lanes that read_manifest() has checked."""
    parts: List[FlowPart] = []
    flow_lanes: List[FlowLane] = []
    sessions: Dict[Tuple[str, str], str] = {}
    for number, lane in enumerate(lanes):
        first = len(parts)
        for order, file in enumerate(lane.parts):
            session = sessions.setdefault((file.device, file.file), file.name)
            parts.append(FlowPart(file, first + order, order, number, session))
        own = parts[first:]
        flow_lanes.append(FlowLane(lane.share, tuple(part.index for part in own), _tensors(inputs, outputs, own)))
    return Dataflow(tuple(inputs), tuple(outputs), tuple(parts), tuple(flow_lanes), turns_of([lane.share for lane in lanes]))


def _tensors(inputs: Sequence[str], outputs: Sequence[str], parts: Sequence[FlowPart]) -> Dict[str, FlowTensor]:
    tensors = {name: FlowTensor(name, -1, travels=True) for name in inputs}
    for part in parts:
        for name in part.file.outputs:
            tensors[name] = FlowTensor(name, part.index)
    devices = {part.index: part.device for part in parts}
    for part in parts:
        for name in part.file.inputs:
            tensor = tensors[name]
            tensor.takers.append(part.index)
            tensor.uses_on[part.device] = tensor.uses_on.get(part.device, 0) + 1
            if tensor.producer >= 0 and devices[tensor.producer] != part.device:
                tensor.travels = True
    for name in outputs:
        tensors[name].is_output = tensors[name].travels = True
    return tensors


def turns_of(shares: Sequence[int]) -> Tuple[int, ...]:
    """Who takes each turn of a cycle: as often as its share says, spread as evenly as can be (smooth weighted round robin:
    everyone gains its share each turn, and who has most gives the whole cycle away for it; the first of equals)."""
    cycle, credit = sum(shares), [0] * len(shares)
    turns: List[int] = []
    for _ in range(cycle):
        for lane, share in enumerate(shares):
            credit[lane] += share
        following = credit.index(max(credit))
        credit[following] -= cycle
        turns.append(following)
    return tuple(turns)


@dataclass(frozen=True)
class Transfer:
    """A tensor that passes from one device to another."""

    tensor: str
    source: str
    destination: str


def transfers(flow: Dataflow) -> List[Transfer]:
    """All of them, by lane, in order of their producers."""
    result: List[Transfer] = []
    for lane in flow.lanes:
        for tensor in lane.tensors.values():
            if tensor.producer >= 0:
                source = flow.parts[tensor.producer].device
                result += [Transfer(tensor.name, source, to) for to in tensor.uses_on if to != source]
    return result
