"""Measures what parts cost besides their operators: launching one on a worker, and passing tensors between workers.

Parts that copy a vector run on the real workers, so that the figures hold what the runner does: messages, writing to shared
memory and reading from it.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..running.manifest import DeviceHint
from ..running.runtime import session_settings
from ..running.workers import Reply, WorkerDevice, Workers, workers_for
from ..support.statistics import median
from .tiny_model import identity_model

SIZES = (4096, 65536, 1 << 20, 4 << 20)
"""Tensor sizes that transfers are measured for, bytes."""
_ELEMENT = 4  # bytes
_WARMUP, _REPEATS = 5, 50
_IN_STREAM = 2


@dataclass(frozen=True)
class Launch:
    """Microseconds: the round trip of a part that computes nothing, and the time from one such part to the next when the worker
    always has another one waiting."""

    device: str
    alone_us: float
    streamed_us: float


@dataclass(frozen=True)
class PassingTime:
    """What a tensor from one device to the other takes, microseconds."""

    device: str
    to: str
    bytes: int
    time_us: float


@dataclass(frozen=True)
class PoolTimes:
    """Of a machine; medians."""

    launches: List[Launch]
    transfers: List[PassingTime]


def measure_pool(devices: Sequence[DeviceHint], pairs: Sequence[Tuple[str, str]], level: str, folder: str,
                 say: Callable[[str], None]) -> PoolTimes:
    """Measures launches on workers for `devices`, and transfers for `pairs` of them and SIZES. `folder`: for temporary files.
    Raises RunError."""
    with workers_for([WorkerDevice(device.name, device.cores) for device in devices]) as workers:
        pool = _Pool(workers, devices, level, folder)
        launches: List[Launch] = []
        for device in devices:
            say(f'{device.name}: launching parts')
            launches.append(pool.launch(device.name))
        transfers: List[PassingTime] = []
        for source, destination in pairs:
            say(f'{source} to {destination}: passing tensors')
            transfers += [pool.transfer(source, destination, size) for size in SIZES]
        return PoolTimes(launches, transfers)


class _Pool:
    """Workers that have copying parts of all sizes, and two vectors of each size in shared memory."""

    def __init__(self, workers: Workers, devices: Sequence[DeviceHint], level: str, folder: str) -> None:
        self._workers = workers
        self._regions: Dict[int, Tuple[int, int]] = {}
        for size in (_ELEMENT, *SIZES):
            file = os.path.join(folder, f'identity-{size}.onnx')
            with open(file, 'wb') as stream:
                stream.write(identity_model(size // _ELEMENT))
            for device in devices:
                workers.load(device.name, f'identity-{size}', file, session_settings(device, level)).result()
            self._regions[size] = workers.new_region(), workers.new_region()
            for region in self._regions[size]:
                workers.memory.write(region, bytes(size))

    def _copy(self, device: str, size: int, source: int, destination: Optional[int]) -> Reply:
        return self._workers.run(device, f'identity-{size}', [('x', 'x', 1, 'float32', [size // _ELEMENT], size, source)],
                                 [('y', 'y', destination, 0)])

    def launch(self, device: str) -> Launch:
        """What launching a part costs."""
        source, _ = self._regions[_ELEMENT]

        def empty() -> Reply:
            return self._copy(device, _ELEMENT, source, None)

        trips: List[float] = []
        for _ in range(_WARMUP + _REPEATS):
            begin = time.perf_counter_ns()
            empty().result()
            trips.append((time.perf_counter_ns() - begin) / 1000)
        return Launch(device, median(trips[_WARMUP:]) or 0.0, median(_gaps_us(empty)) or 0.0)

    def transfer(self, source: str, destination: str, size: int) -> PassingTime:
        """What passing a tensor costs. Between CPUs nothing is copied: a part reads what lies in memory in common, and takes longer
        for what another core has just written than for what it has read before."""
        vector, middle = self._regions[size]
        handed: List[float] = []
        longer: List[float] = []
        for _ in range(_WARMUP + _REPEATS):
            _, (_, _, ran, written) = self._copy(source, size, vector, middle).result()
            _, (start, fed, read, _) = self._copy(destination, size, middle, None).result()
            _, (_, fed_again, read_again, _) = self._copy(destination, size, middle, None).result()
            handed.append((written - ran + fed - start) / 1000)
            longer.append((read - fed - (read_again - fed_again)) / 1000)
        time_us = (median(handed[_WARMUP:]) or 0.0) + max(0.0, median(longer[_WARMUP:]) or 0.0)
        return PassingTime(source, destination, size, time_us)


def _gaps_us(run: Callable[[], Reply]) -> List[float]:
    """The times from one start to the next on a worker that always has a next part at hand."""
    under_way = deque(run() for _ in range(_IN_STREAM))
    starts: List[int] = []
    for _ in range(_REPEATS + _WARMUP):
        answer: Any = under_way.popleft().result()
        starts.append(answer[1][0])
        under_way.append(run())
    for reply in under_way:
        reply.result()
    starts = sorted(starts)[_WARMUP:]
    return [(later - start) / 1000 for start, later in zip(starts, starts[1:])]
