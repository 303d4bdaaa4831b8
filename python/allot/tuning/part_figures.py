"""What each part of a run did, beside what its operators were expected to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..profiling.costs_table import CostRow
from ..running.conductor import Sample
from ..running.dataflow import Dataflow, FlowPart
from ..running.plan_run import PlanRun
from ..support.statistics import median


@dataclass(frozen=True)
class PartFigures:
    """Of a part, microseconds and bytes. rows: the sum of its operators' rows. move: reading and writing. wait: how long its
    device waited though all was ready. moved: bytes read and written; crossing: those of them that come from or go to another
    device, the rest being inputs and outputs of the model."""

    id: str
    device: str
    rows: float
    compute: float
    move: float
    wait: float
    moved: int
    crossing: int


def parts_of_nodes(plan: Mapping[str, Any]) -> Dict[str, List[str]]:
    """The parts that run each node, one in each lane. Of further lanes the plan says it by cluster."""
    further = [lane['part_of_cluster'] for lane in plan.get('lanes') or ()]
    result: Dict[str, List[str]] = {}
    for node in plan['nodes']:
        parts = [node.get('part'), *(part_of[node['cluster']] for part_of in further)]
        result[node['name']] = [part for part in parts if isinstance(part, str)]
    return result


def part_figures(rows: Sequence[CostRow], parts_of: Mapping[str, Sequence[str]], run: PlanRun) -> List[PartFigures]:
    """In the order of the run's parts."""
    flow, measured = run.flow, run.report['parts']
    device_of = {part['id']: part['device'] for part in measured}
    sums: Dict[str, float] = {}
    for row in rows:
        for name in parts_of.get(row.node, ()) if row.what == 'op' else ():
            if row.device == device_of.get(name):
                sums[name] = sums.get(name, 0.0) + row.time_us
    idle = _waits(flow, run.samples)
    result: List[PartFigures] = []
    for part, said in zip(flow.parts, measured):
        moved, crossing = _bytes_of(flow, part, run.samples)
        result.append(PartFigures(part.name, part.device, sums.get(part.name, 0.0), said['compute_us'], said['read_us'] + said['write_us'],
                                  median(idle.get(part.device, ())) or 0.0, moved, crossing))
    return result


def _bytes_of(flow: Dataflow, part: FlowPart, samples: Sequence[Sample]) -> Tuple[int, int]:
    """Bytes that a part reads and writes, and those of them that pass between devices."""
    tensors = flow.lanes[part.lane].tensors
    values = next((sample.values for sample in samples if sample.lane == part.lane), {})
    moved = crossing = 0

    def count(name: str, crosses: bool) -> None:
        nonlocal moved, crossing
        size = values[name][2] if name in values else 0
        moved += size
        crossing += size if crosses else 0

    for name in part.file.inputs:
        producer = tensors[name].producer
        if producer < 0 or flow.parts[producer].device != part.device:
            count(name, producer >= 0)
    for name in part.file.outputs:
        if tensors[name].travels:
            count(name, any(flow.parts[taker].device != part.device for taker in tensors[name].takers))
    return moved, crossing


def _waits(flow: Dataflow, samples: Sequence[Sample]) -> Dict[str, List[float]]:
    """How long each run of a part waited though its inputs and its device were ready, by device."""
    result: Dict[str, List[float]] = {}
    free: Dict[str, float] = {}
    runs = [(run.times_us[0], i, run, sample) for i, sample in enumerate(samples) for run in sample.runs]
    for start, _, run, sample in sorted(runs, key=lambda one: one[:2]):
        part, tensors = flow.parts[run.part], flow.lanes[sample.lane].tensors
        ends = {other.part: other.times_us[3] for other in sample.runs}
        ready = max([sample.begin_us, *(ends[tensors[name].producer] for name in part.file.inputs if tensors[name].producer >= 0)])
        result.setdefault(part.device, []).append(max(0.0, start - max(ready, free.get(part.device, 0.0))))
        free[part.device] = run.times_us[3]
    return result
