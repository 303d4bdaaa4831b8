"""How far the clocks of ranks are from rank 0's: hosts count from when they were started."""

from __future__ import annotations

import time
from typing import Any, List, Tuple

_ROUNDS = 25
Reading = Tuple[int, int]
"""When, by rank 0's clock, and what the other clock shows more, in nanoseconds."""


def compare_clocks(comm: Any, tag: int) -> List[Reading]:
    """On rank 0 a reading for each rank; of many exchanges the quickest tells most. On other ranks nothing. All ranks call it."""
    if comm.rank != 0:
        for _ in range(_ROUNDS):
            comm.recv(source=0, tag=tag)
            comm.send(time.monotonic_ns(), dest=0, tag=tag)
        return []
    readings: List[Reading] = [(time.monotonic_ns(), 0)]
    for rank in range(1, comm.size):
        exchanges = []
        for _ in range(_ROUNDS):
            begin = time.monotonic_ns()
            comm.send(0, dest=rank, tag=tag)
            shown = comm.recv(source=rank, tag=tag)
            end = time.monotonic_ns()
            middle = (begin + end) // 2
            exchanges.append((end - begin, middle, shown - middle))
        _, middle, ahead = min(exchanges)
        readings.append((middle, ahead))
    return readings


def in_first_clock(time_ns: int, before: Reading, after: Reading) -> float:
    """A rank's time in rank 0's clock, in microseconds: clocks drift apart evenly between two readings."""
    span = after[0] - before[0]
    share = (time_ns - before[1] - before[0]) / span if span > 0 else 0.0
    return (time_ns - before[1] - share * (after[1] - before[1])) / 1000
