"""Streams samples through the parts of a plan on their workers.

A part of a sample starts when its inputs are there and its device has nothing older to do: each device takes the oldest sample
first, and of one sample the part that the plan launches first. Samples go to the lanes in turn, whatever these are busy with: so
the same sample always takes the same way, and the shares are those of the plan. At most `in_flight` samples are on their way at
once; a finished sample frees the memory of one. Each device is given its next part while it still works, so that it never waits
for a message.
"""

from __future__ import annotations

import bisect
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Sequence, Tuple

from ..errors import RunError
from .dataflow import Dataflow, FlowPart, FlowTensor
from .state_flow import StateHome

_AHEAD = 2  # parts that a worker knows of at a time: the one that it runs and the next
Value = Tuple[str, List[int], int, Optional[int]]
"""Type, shape, bytes and region of a tensor; no region: it stays on its device."""


class PartRunner(Protocol):
    """What the conductor needs of Workers."""

    def new_region(self) -> int:
        """A region of the shared memory that nobody has."""

    def run(self, device: str, part: str, inputs: Sequence[Any], outputs: Sequence[Any], what: Optional[str] = None,
            then: Optional[Callable[[Any], None]] = None) -> Any:
        """Runs a part, and calls `then` with the reply."""

    def pump(self) -> None:
        """Waits for replies."""

    def forget(self, device: str) -> Any:
        """Drops the tensors that a device holds for parts to come."""


@dataclass
class PartRun:
    """A part of a sample that has run."""

    part: int
    times_us: Tuple[float, float, float, float]  # start, inputs read, computed, outputs written, of the machine's clock


class Sample:
    """An inference on its way."""

    __slots__ = ('index', 'slot', 'lane', 'tensors', 'values', 'missing', 'open', 'begin_us', 'end_us', 'runs')

    def __init__(self, index: int, slot: int, flow: Dataflow) -> None:
        self.index, self.slot = index, slot
        self.lane = flow.turns[index % len(flow.turns)]
        lane = flow.lanes[self.lane]
        self.tensors: Dict[str, FlowTensor] = lane.tensors
        self.values: Dict[str, Value] = {}
        self.missing = {part: len(flow.parts[part].file.inputs) for part in lane.parts}
        self.open = len(lane.parts)
        self.begin_us = self.end_us = 0.0
        self.runs: List[PartRun] = []


class _Device:
    __slots__ = ('busy', 'ready')

    def __init__(self) -> None:
        self.busy = 0
        self.ready: List[Tuple[int, int, Sample]] = []  # by sample and part


class Conductor:
    """Keeps the state of one stream. `workers` have the parts of `flow` loaded. `inputs(index)` gives the inputs of a sample.
    `on_sample(sample)` is called as each ends, in any order; an error that it raises ends the stream.

    `state`: outputs that are inputs of the next sample, which then is a step, and waits for the one before. They stay on the
    device that makes them unless another one takes them.
    """

    def __init__(self, workers: PartRunner, flow: Dataflow, in_flight: int, inputs: Callable[[int], Mapping[str, Value]],
                 on_sample: Callable[[Sample], None] = lambda sample: None, state: Sequence[StateHome] = ()) -> None:
        self._workers, self._flow, self._inputs, self._on_sample = workers, flow, inputs, on_sample
        self.devices = {part.device: _Device() for part in flow.parts}
        self._state = {home.pair.output: home for home in state}
        self._previous: Optional[Sample] = None
        self._shown_at = -1
        self._room = in_flight = 1 if state else in_flight
        if state:  # what a step reads lies beside what it writes
            in_flight = 2
        self._free_slots = list(range(in_flight - 1, -1, -1))
        travelling = dict.fromkeys(tensor.name for lane in flow.lanes for tensor in lane.tensors.values()
                                   if tensor.producer >= 0 and tensor.travels)
        # Where each slot keeps each tensor that travels.
        self.regions: List[Dict[str, int]] = [{name: workers.new_region() for name in travelling} for _ in range(in_flight)]
        self._outputs = [[self._outputs_of(part, slot, False) for part in flow.parts] for slot in range(in_flight)]
        self._shown = [[self._outputs_of(part, slot, True) for part in flow.parts] for slot in range(in_flight)]
        self._next = self._goal = self._open = 0
        self._samples: List[Sample] = []

    def _outputs_of(self, part: FlowPart, slot: int, shown: bool) -> List[Tuple[Any, ...]]:
        """What a worker is told of the outputs of a part; with state in shared memory, too, if it is to be shown."""
        tensors = self._flow.lanes[part.lane].tensors
        outputs: List[Tuple[Any, ...]] = []
        for name in part.file.outputs:
            home = self._state.get(name)
            travels = tensors[name].travels and (home is None or shown or not home.stays)
            told = (name, f'{slot} {name}', self.regions[slot][name] if travels else None, tensors[name].uses_on.get(part.device, 0))
            # The next step is in the other slot.
            outputs.append(told if home is None or home.uses == 0 else (*told, f'{1 - slot} {home.pair.input}', home.uses))
        return outputs

    def begin_again(self) -> None:
        """The next sample is the first step of a new sequence."""
        self._previous = None
        for device in self.devices:
            self._workers.forget(device)

    def show_state_at(self, index: int) -> None:
        """The state that this sample leaves is written to shared memory, to be looked at."""
        self._shown_at = index

    def stream(self, count: int) -> List[Sample]:
        """Streams `count` more samples; they come in the order in which they entered. Raises RunError."""
        self._samples = []
        self._goal, self._open = self._next + count, count
        self._admit()
        while self._open > 0:
            self._workers.pump()
        return self._samples

    def _admit(self) -> None:
        # By a loop of its own: a model without parts ends as it begins.
        while self._next < self._goal and self._room > 0:
            self._room -= 1
            sample = Sample(self._next, self._free_slots.pop(), self._flow)
            self._next += 1
            self._samples.append(sample)
            sample.begin_us = time.monotonic_ns() / 1000
            sample.values.update(self._inputs(sample.index))
            if self._previous is not None:
                sample.values.update((home.pair.input, self._previous.values[name]) for name, home in self._state.items())
            for part, missing in sample.missing.items():
                if missing == 0:
                    self._make_ready(sample, part)
            for name in self._flow.inputs:
                self._arrive(sample, name)
            if sample.open == 0:
                self._end(sample)
        for name in self.devices:
            self._dispatch(name)

    def _arrive(self, sample: Sample, name: str) -> None:
        for part in sample.tensors[name].takers:
            sample.missing[part] -= 1
            if sample.missing[part] == 0:
                self._make_ready(sample, part)

    def _make_ready(self, sample: Sample, part: int) -> None:
        # No two are of the same sample and part, so samples are never compared.
        bisect.insort(self.devices[self._flow.parts[part].device].ready, (sample.index, part, sample))

    def _dispatch(self, name: str) -> None:
        device = self.devices[name]
        while device.busy < _AHEAD and device.ready:
            device.busy += 1
            _, part, sample = device.ready.pop(0)
            self._run(sample, self._flow.parts[part])

    def _run(self, sample: Sample, part: FlowPart) -> None:
        values, tensors, slot, device = sample.values, sample.tensors, sample.slot, part.device
        # Optional inputs of the model that the sample does not have are not given to the part either.
        inputs = [(name, f'{slot} {name}', tensors[name].uses_on[device], *values[name]) for name in part.file.inputs if name in values]
        outputs = (self._shown if sample.index == self._shown_at else self._outputs)[slot][part.index]
        self._workers.run(device, part.session, inputs, outputs, f'run part {part.name} of sample {sample.index}',
                          lambda reply: self._ran(sample, part, outputs, reply))

    def _ran(self, sample: Sample, part: FlowPart, outputs: List[Tuple[Any, ...]], reply: Any) -> None:
        if reply.error is not None:
            raise reply.error
        made, times = reply.value
        begin, read, computed, end = times
        sample.runs.append(PartRun(part.index, (begin / 1000, read / 1000, computed / 1000, end / 1000)))
        # The device first, which may have nothing else to do; then whoever waits for what was made.
        device = self.devices[part.device]
        device.busy -= 1
        for told, (kind, dims, size) in zip(outputs, made):
            sample.values[told[0]] = kind, dims, size, told[2]
            self._arrive(sample, told[0])
        sample.open -= 1
        if sample.open == 0:
            self._end(sample)
        self._admit()

    def _end(self, sample: Sample) -> None:
        # When the last output was written, not when the message came.
        sample.end_us = max([sample.begin_us, *(run.times_us[3] for run in sample.runs)])
        for name in self._flow.outputs:
            if name not in sample.values:
                raise RunError(f'sample {sample.index} ended without output {name}')
        self._on_sample(sample)
        if self._state:
            self._previous = sample
            self._free_slots.insert(0, sample.slot)  # the next step takes the other one
        else:
            sample.values, sample.missing = {}, {}  # of a long stream only the times are kept
            self._free_slots.append(sample.slot)
        self._room += 1
        self._open -= 1
