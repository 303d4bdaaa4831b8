"""The numbers of a run: of the stream, of devices, parts and lanes. Times are microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from ..support.statistics import mean, median, spread, summarise
from .conductor import PartRun, Sample
from .dataflow import Dataflow
from .run_devices import RunDevice

_MOST_STRETCHES = 10


@dataclass(frozen=True)
class Period:
    """Between completions after the warm-up. `begin_us`, `end_us`: the first and the last of these completions."""

    mean_us: Optional[float]
    median_us: Optional[float]
    spread: float
    begin_us: float
    end_us: float


def period_of(samples: Sequence[Sample], warmup: int, count: int, cycle: int) -> Period:
    """The mean time between completions, and its median over ten stretches, which an interruption of the machine does not move,
    with how much these differ. A stretch is as long as a cycle of the lanes at least: within one, they are of different speeds."""
    ends = sorted(sample.end_us for sample in samples)[max(0, warmup - 1):warmup + count]
    gaps = len(ends) - 1
    stretches = max(1, min(_MOST_STRETCHES, gaps, count // cycle))
    marks = [(2 * i * gaps + stretches) // (2 * stretches) for i in range(stretches + 1)]
    means = [(ends[to] - ends[begin]) / (to - begin) for begin, to in zip(marks, marks[1:]) if to > begin]
    average = (ends[-1] - ends[0]) / gaps if gaps > 0 else None
    return Period(average, median(means), spread(means), ends[0], ends[-1])


def _runs_on(flow: Dataflow, device: str, sample: Sample) -> Iterator[PartRun]:
    return (run for run in sample.runs if flow.parts[run.part].device == device)


def share_within(flow: Dataflow, samples: Sequence[Sample], device: str, period: Period) -> float:
    """How much of the time of a stream a device runs parts: those of samples, too, that began before or end behind those that
    count."""
    busy = sum(max(0.0, min(run.times_us[3], period.end_us) - max(run.times_us[0], period.begin_us))
               for sample in samples for run in _runs_on(flow, device, sample))
    return busy / (period.end_us - period.begin_us) if period.end_us > period.begin_us else 0.0


def _without_none(said: Dict[str, Any], *keys: str) -> Dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None or key not in keys}


def device_use(flow: Dataflow, samples: Sequence[Sample], devices: Sequence[RunDevice], share: Callable[[str, float], float],
               predicted_us: Callable[[str], Optional[float]]) -> List[Dict[str, Any]]:
    """`share(device, busy)`: of the time, in which a device runs parts; `busy` is how long it does for a sample."""
    rows = []
    for device in devices:
        busy = mean([sum(run.times_us[3] - run.times_us[0] for run in _runs_on(flow, device.name, sample)) for sample in samples]) or 0.0
        rows.append(_without_none({
            'id': device.name, 'provider': device.hint.provider, 'cores': device.hint.cores, 'busy_us': busy,
            'utilisation': share(device.name, busy), 'predicted_busy_us': predicted_us(device.name)}, 'cores', 'predicted_busy_us'))
    return rows


def part_times(flow: Dataflow, samples: Sequence[Sample], moved: bool) -> List[Dict[str, Any]]:
    """Of each part, medians over the samples."""
    of_part: List[List[PartRun]] = [[] for _ in flow.parts]
    for sample in samples:
        for run in sample.runs:
            of_part[run.part].append(run)
    rows = []
    for part, runs in zip(flow.parts, of_part):
        def phase(begin: int, end: int, runs: List[PartRun] = runs) -> Optional[float]:
            return median([run.times_us[end] - run.times_us[begin] for run in runs])

        begin_us, end_us = part.file.start_us, part.file.end_us
        predicted = None if moved or begin_us is None or end_us is None else end_us - begin_us
        rows.append(_without_none({
            'id': part.name, 'device': part.device, 'lane': part.lane if len(flow.lanes) > 1 else None, 'predicted_us': predicted,
            'measured_us': phase(0, 3), 'read_us': phase(0, 1), 'compute_us': phase(1, 2), 'write_us': phase(2, 3),
            'spread': spread([run.times_us[3] - run.times_us[0] for run in runs])}, 'lane', 'predicted_us'))
    return rows


def lane_use(flow: Dataflow, samples: Sequence[Sample]) -> Optional[List[Dict[str, Any]]]:
    """What each lane did; None if there is one only."""
    if len(flow.lanes) < 2:
        return None
    rows = []
    for number, lane in enumerate(flow.lanes):
        own = [sample for sample in samples if sample.lane == number]
        rows.append({'share': lane.share, 'samples': len(own), 'parts': [flow.parts[index].name for index in lane.parts],
                     'latency_us': summarise([sample.end_us - sample.begin_us for sample in own])})
    return rows
