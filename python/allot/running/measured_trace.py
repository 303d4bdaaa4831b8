"""The measured schedule in the form of the predicted one (schedule.trace.json), to be opened beside it.

Each device is a process with a row for parts; reading inputs and writing outputs show inside a part's slice. Arrows go from the
part that makes a tensor to those that take it.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence

from .conductor import Sample
from .dataflow import Dataflow
from .manifest import Manifest

_PARTS_ROW = 1


def measured_trace(manifest: Manifest, flow: Dataflow, samples: Sequence[Sample]) -> str:
    """The text of a Chrome trace of samples. Times are microseconds from the first one's entry."""
    processes = {name: number for number, name in enumerate(manifest.devices, 1)}
    events: List[Dict[str, Any]] = []
    for name, number in processes.items():
        events.append({'ph': 'M', 'name': 'process_name', 'pid': number, 'tid': 0, 'args': {'name': name}})
        events.append({'ph': 'M', 'name': 'thread_name', 'pid': number, 'tid': _PARTS_ROW, 'args': {'name': 'parts'}})
    origin = min(sample.begin_us for sample in samples)
    arrows = 0
    for sample in samples:
        events += _slices(flow, sample, processes, origin)
        found = _arrows(flow, sample, processes, origin, arrows)
        events += found
        arrows += len(found) // 2
    lines = ',\n'.join(json.dumps(event, separators=(',', ':')) for event in events)
    return f'{{\n"displayTimeUnit": "ns",\n"traceEvents": [\n{lines}\n]\n}}\n'


def _slices(flow: Dataflow, sample: Sample, processes: Dict[str, int], origin: float) -> List[Dict[str, Any]]:
    events = []
    for run in sample.runs:
        part = flow.parts[run.part]
        start, read, computed, end = (round(time - origin, 2) for time in run.times_us)
        about = {'file': part.file.file, 'sample': sample.index, **({'lane': sample.lane} if len(flow.lanes) > 1 else {})}
        for name, category, begin, to, args in (
                (part.name, 'part', start, end, about), ('read inputs', 'transfer', start, read, {'tensors': part.file.inputs}),
                ('write outputs', 'transfer', computed, end, {'tensors': part.file.outputs})):
            if to > begin:
                events.append({'ph': 'X', 'name': name, 'cat': category, 'pid': processes[part.device], 'tid': _PARTS_ROW,
                               'ts': begin, 'dur': round(to - begin, 2), 'args': args})
    return events


def _arrows(flow: Dataflow, sample: Sample, processes: Dict[str, int], origin: float, drawn: int) -> List[Dict[str, Any]]:
    start_of, sent_at = {}, {}
    for run in sample.runs:
        start, _, computed, end = (round(time - origin, 2) for time in run.times_us)
        start_of[run.part] = start
        sent_at[run.part] = computed if computed < end else start  # an arrow begins inside the slice that it belongs to
    events: List[Dict[str, Any]] = []
    for tensor in sample.tensors.values():
        if tensor.producer not in start_of:
            continue
        source = flow.parts[tensor.producer].device
        for taker in tensor.takers:
            to = flow.parts[taker].device
            if to == source or taker not in start_of:
                continue
            drawn += 1
            common = {'name': 'transfer', 'cat': 'transfer', 'id': drawn, 'tid': _PARTS_ROW}
            events.append({'ph': 's', **common, 'pid': processes[source], 'ts': sent_at[tensor.producer]})
            events.append({'ph': 'f', **common, 'pid': processes[to], 'ts': start_of[taker], 'bp': 'e'})
    return events
