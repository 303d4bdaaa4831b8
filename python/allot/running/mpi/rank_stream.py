"""A rank's share of a stream: it runs the parts of its device, oldest sample first, and passes tensors on to the ranks that take
them.

Nobody conducts. A sample may enter once rank 0 has said so, which it does as samples end: never are more than `in_flight` under
way, so that memory is bounded and a slow device holds up the stream. All else follows from tensors that arrive.
"""

from __future__ import annotations

import heapq
import time
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ...errors import RunError
from ..dataflow import FlowPart
from ..part_session import PartSession
from ..shared_memory import SharedMemory
from ..tensors import Tensor, Worst, difference, from_bytes, to_bytes
from ..tolerance import not_the_whole
from .compute_thread import ComputeThread, PartDone
from .job import Job, RankRecord
from .messages import DONE, WINDOW, Arrival, Messages
from .promptness import ask_for_short_slices
from .stream_window import StreamWindow

_AHEAD = 2  # parts that the thread has at a time: the one that it runs and the next
_BEAT_S = 1.0  # between signs of life
# How long to wait for the thread before looking after messages again: where cores compute, looking takes time from them.
_IDLE_S, _MOVING_S, _QUIET_S = 30e-6, 200e-6, 500e-6

Value = Tuple[str, List[int], int, int]  # type, shape, bytes, region


class _Sample:
    __slots__ = ('values', 'missing', 'open', 'told')

    def __init__(self) -> None:
        self.values: Dict[str, Value] = {}
        self.missing: Dict[int, int] = {}
        self.open = 0  # parts of this rank that have not run


class RankStream:
    """Of one rank: `sessions` has its parts by FlowPart.session, `alive` is called now and then."""

    def __init__(self, mpi: Any, comm: Any, job: Job, sessions: Mapping[str, PartSession], memory: SharedMemory, alive: Any) -> None:
        self._job, self._memory, self._alive, self._rank = job, memory, alive, comm.rank
        flow = job.flow
        self._device = job.devices[comm.rank].name
        self._own = [[flow.parts[index] for index in lane.parts if flow.parts[index].device == self._device] for lane in flow.lanes]
        self._names = list(dict.fromkeys(name for lane in flow.lanes for name in lane.tensors))
        self._ids = {name: number for number, name in enumerate(self._names)}
        self._ranks = {device.name: rank for rank, device in enumerate(job.devices)}
        self._messages = Messages(mpi, comm, self._place)
        self._compute = ComputeThread(sessions, self._look)
        self._samples: Dict[int, _Sample] = {}
        self._ready: List[Tuple[int, int]] = []  # a heap of sample and part
        self._leaving: List[int] = []  # samples whose parts have run here, whose tensors may still be on their way
        self._limit = self._entered = 0
        self._over = False  # told by rank 0
        self._window = StreamWindow(job, comm.size) if comm.rank == 0 else None
        self._inputs = self._keep_inputs()
        self._worst = Worst()
        self.record = RankRecord([], [])
        self._last_beat = 0.0

    def _keep_inputs(self) -> List[Dict[str, Value]]:
        """Inputs that parts of this device take, where they read them."""
        wanted = {name for parts in self._own for part in parts for name in part.file.inputs}
        first = self._job.in_flight * len(self._names)
        kept: List[Dict[str, Value]] = []
        for number, one in enumerate(self._job.sets):
            values: Dict[str, Value] = {}
            for name, tensor in one.items():
                if name in wanted:
                    data, region = to_bytes(tensor), first + number * len(self._names) + self._ids[name]
                    self._memory.write(region, data)
                    values[name] = tensor.type, list(tensor.dims), len(data), region
            kept.append(values)
        return kept

    def run(self) -> None:
        """Until the whole stream has passed. Raises RunError."""
        ask_for_short_slices()  # of this thread only: the one that computes was started before
        if self._window is not None:
            self._admit(self._window.limit)
            for rank in range(1, len(self._job.devices)):
                self._messages.tell(rank, WINDOW, self._window.limit)
        while not self._over:
            done = self._compute.wait(self._patience())
            while done is not None:
                self._ran(done)
                done = self._compute.wait(0)
            arrived, numbers = self._messages.poll()
            for arrival in arrived:
                self._arrived(arrival)
            for rank, tag, number in numbers:
                self._told(rank, tag, number)
            self._see_off()
            self._dispatch()
            self._beat()
        self._messages.flush()
        self._compute.end()
        self.record.worst = self._worst.value

    def _patience(self) -> float:
        if self._compute.given == 0:
            return _IDLE_S
        return _MOVING_S if self._messages.busy() else _QUIET_S

    def _region(self, sample: int, name: str) -> int:
        return sample % self._job.in_flight * len(self._names) + self._ids[name]

    def _place(self, sample: int, tensor: int, size: int) -> Tuple[Any, int]:
        region = self._region(sample, self._names[tensor])
        self._memory.reserve(region, size)
        return self._memory.view(region, size), region

    def _lane(self, sample: int) -> int:
        turns = self._job.flow.turns
        return turns[sample % len(turns)]

    def _state(self, index: int) -> _Sample:
        sample = self._samples.get(index)
        if sample is None:
            sample = self._samples[index] = _Sample()
            for part in self._own[self._lane(index)]:
                # Inputs of the model are here already, those that a sample leaves out as well.
                sample.missing[part.index] = sum(self._job.flow.lanes[part.lane].tensors[name].producer >= 0 for name in part.file.inputs)
                sample.open += 1
            sample.values.update(self._inputs[index % len(self._inputs)])
        return sample

    def _admit(self, limit: int) -> None:
        self._limit = max(self._limit, limit)
        while self._entered < self._limit:
            index = self._entered
            self._entered += 1
            if not self._own[self._lane(index)]:
                continue
            for part, missing in self._state(index).missing.items():
                if missing == 0:
                    heapq.heappush(self._ready, (index, part))

    def _told(self, rank: int, tag: int, number: int) -> None:
        if tag == WINDOW:
            self._over = number < 0
            self._admit(number)
        elif tag == DONE and number >= 0 and self._window is not None:  # a negative one is a sign of life
            self._done(number)

    def _done(self, sample: int) -> None:
        assert self._window is not None
        if self._window.done(sample):
            self._over = self._window.over
            for rank in range(1, len(self._job.devices)):
                self._messages.tell(rank, WINDOW, -1 if self._over else self._window.limit)
            self._admit(self._window.limit)

    def _arrived(self, arrival: Arrival) -> None:
        name = self._names[arrival.tensor]
        self.record.arrivals.append((arrival.sample, name, arrival.source, arrival.size, arrival.sent, arrival.arrived))
        value = arrival.kind, arrival.dims, arrival.size, self._region(arrival.sample, name)
        self._there(arrival.sample, name, value)

    def _there(self, index: int, name: str, value: Value) -> None:
        sample = self._state(index)
        sample.values[name] = value
        for part in self._job.flow.lanes[self._lane(index)].tensors[name].takers:
            if part in sample.missing:
                sample.missing[part] -= 1
                if sample.missing[part] == 0:
                    heapq.heappush(self._ready, (index, part))

    def _dispatch(self) -> None:
        flow = self._job.flow
        while self._ready and self._compute.given < _AHEAD:
            index, number = heapq.heappop(self._ready)
            part, values = flow.parts[number], self._samples[index].values
            tensors, slot = flow.lanes[part.lane].tensors, index % self._job.in_flight
            inputs = [(name, f'{slot} {name}', tensors[name].uses_on[self._device], *values[name])
                      for name in part.file.inputs if name in values]
            outputs = [(name, f'{slot} {name}', self._region(index, name) if tensors[name].travels else None,
                        tensors[name].uses_on.get(self._device, 0), None, 0) for name in part.file.outputs]
            self._compute.give(index, number, part.session, inputs, outputs)

    def _ran(self, done: PartDone) -> None:
        part = self._job.flow.parts[done.part]
        if done.error is not None:
            raise RunError(f'run part {part.name} of sample {done.sample}: {done.error}')
        self.record.runs.append((done.sample, done.part, list(done.times)))
        self._pass_on(done.sample, part, done.made)
        sample = self._samples[done.sample]
        sample.open -= 1
        if sample.open == 0:
            self._leaving.append(done.sample)

    def _pass_on(self, index: int, part: FlowPart, made: Sequence[Any]) -> None:
        tensors = self._job.flow.lanes[part.lane].tensors
        for name, (kind, dims, size) in zip(part.file.outputs, made):
            region = self._region(index, name)
            for device in tensors[name].uses_on:
                if device != self._device:
                    view = self._memory.view(region, size)
                    self._messages.send_tensor(self._ranks[device], index, self._ids[name], (kind, dims, size), view, region)
            self._there(index, name, (kind, dims, size, region))

    def _see_off(self) -> None:
        """Samples that this rank has nothing to do with any more."""
        for index in [index for index in self._leaving if self._messages.sent(index)]:
            self._leaving.remove(index)
            del self._samples[index]
            if self._window is not None:
                self._done(index)
            else:
                self._messages.tell(0, DONE, index)

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._last_beat < _BEAT_S:
            return
        self._last_beat = now
        limit = self._job.stall_timeout_s
        if self._compute.busy_s() > limit:
            raise RunError(f'has been at one part for {limit:g} s (--stall-timeout)')
        if self._window is None:
            self._messages.tell(0, DONE, -1)
            return
        self._alive()
        self._window.watch(self._messages.heard, now)

    def _look(self, index: int, part: int, made: Sequence[Any]) -> None:
        """Compares outputs; on the thread that made them, as their room is taken again when the sample has ended."""
        if self._job.expected is None:
            return
        want, lane = self._job.expected[index % len(self._job.expected)], self._lane(index)
        for name, (kind, dims, size) in zip(self._job.flow.parts[part].file.outputs, made):
            if self._job.flow.lanes[lane].tensors[name].is_output:
                got: Tensor = from_bytes(kind, dims, bytearray(self._memory.view(self._region(index, name), size)))
                why = difference(got, want[name], self._job.tolerance, self._worst)
                if why is not None:
                    raise RunError(not_the_whole(f'sample {index}', name, why, self._job.tolerance, self._job.level))
                self.record.compared += 1
