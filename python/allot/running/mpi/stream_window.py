"""Which samples may be under way, and whether all ranks are alive: what rank 0 keeps of a stream."""

from __future__ import annotations

import time
from typing import Dict, Mapping

from ...errors import RunError
from .job import Job


class StreamWindow:
    """Samples below `limit` may enter: as many as `in_flight` beyond the first that has not ended."""

    def __init__(self, job: Job, ranks: int) -> None:
        self._job = job
        flow = job.flow
        self._ranks_of = [len({flow.parts[index].device for index in lane.parts}) for lane in flow.lanes]
        self._counts: Dict[int, int] = {}
        self._first_open = 0
        self._began = dict.fromkeys(range(1, ranks), time.monotonic())
        self._pass_over()

    @property
    def limit(self) -> int:
        """The first sample that may not enter."""
        return min(self._job.count, self._first_open + self._job.in_flight)

    @property
    def over(self) -> bool:
        """Whether all samples have ended."""
        return self._first_open >= self._job.count

    def done(self, sample: int) -> bool:
        """A rank has done all that it does for a sample. Whether the limit has moved."""
        self._counts[sample] = self._counts.get(sample, 0) + 1
        before = self._first_open
        self._pass_over()
        return self._first_open > before

    def _pass_over(self) -> None:
        turns = self._job.flow.turns
        while not self.over and self._counts.get(self._first_open, 0) == self._ranks_of[turns[self._first_open % len(turns)]]:
            self._counts.pop(self._first_open, None)
            self._first_open += 1

    def watch(self, heard: Mapping[int, float], now: float) -> None:
        """Raises RunError for a rank that has given no sign of life for too long. `heard`: when each last did."""
        for rank, began in self._began.items():
            if now - max(began, heard.get(rank, began)) > self._job.stall_timeout_s:
                raise RunError(f'{self._job.where(rank)} has not answered for {self._job.stall_timeout_s:g} s (--stall-timeout)')
