"""What travelled between devices, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ...support.statistics import mean, median
from ..manifest import Lane


@dataclass(frozen=True)
class Travel:
    """A tensor of a sample that went from device to device. Times are microseconds of rank 0's clock."""

    sample: int
    tensor: str
    source: str
    destination: str
    bytes: int
    sent_us: float
    arrived_us: float


def travel_times(travels: Sequence[Travel]) -> List[Tuple[Travel, float]]:
    """How long each took: from when it was sent, or from when what came before it over the same link had arrived: until then it
    waited. That is what a plan predicts, too."""
    free: Dict[Tuple[str, str], float] = {}
    result = []
    for one in sorted(travels, key=lambda one: (one.arrived_us, one.sent_us, one.tensor)):
        link = one.source, one.destination
        begin = max(one.sent_us, free.get(link, one.sent_us))
        result.append((one, max(0.0, one.arrived_us - begin)))
        free[link] = one.arrived_us
    return result


def link_use(lanes: Sequence[Lane], travels: Sequence[Travel], samples: Sequence[int], host_of: Mapping[str, str],
             predicted: bool) -> List[Dict[str, Any]]:
    """Rows of the report: a link for each two devices and direction, with the tensors that pass over it; of `samples`."""
    wanted = set(samples)
    times: Dict[Tuple[str, str, str], List[Tuple[float, int]]] = {}
    for one, took in travel_times(travels):
        if one.sample in wanted:
            times.setdefault((one.source, one.destination, one.tensor), []).append((took, one.bytes))
    rows: Dict[Tuple[str, str], Dict[str, Any]] = {}
    for (source, destination, tensor), seen in sorted(times.items()):
        row = rows.setdefault((source, destination), {
            'from': source, 'to': destination, 'hosts': [host_of[source], host_of[destination]], 'bytes': 0.0, 'measured_us': 0.0,
            'predicted_us': 0.0 if predicted else None, 'transfers': []})
        expected = _predicted(lanes, tensor, destination) if predicted else None
        size, took_us = mean([float(size) for _, size in seen]) or 0.0, median([took for took, _ in seen]) or 0.0
        row['transfers'].append({'tensor': tensor, 'bytes': size, 'measured_us': took_us, 'predicted_us': expected})
        row['bytes'] += size
        row['measured_us'] += took_us
        row['predicted_us'] = None if row['predicted_us'] is None or expected is None else row['predicted_us'] + expected
    return list(rows.values())


def _predicted(lanes: Sequence[Lane], tensor: str, device: str) -> Optional[float]:
    return next((lane.arrivals_us[tensor, device] for lane in lanes if (tensor, device) in lane.arrivals_us), None)
