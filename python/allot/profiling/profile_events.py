"""ONNX Runtime's profile of a session: how long each kernel of the optimised model took in each run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence

from ..errors import RunError
from .onnx_graph import Node

_CUT_OFF_US = 0.5  # durations are cut to whole microseconds, by half of one on the average
_KERNEL = '_kernel_time'

# How the runtime begins and ends an event's name. Each event is on a line of its own, and its arguments hold no such text.
_EVENT = re.compile(r'\n(?=\{"cat" : ")')
_BEFORE_NAME, _BEHIND_NAME = '"name" :"', '","args" : {'


@dataclass(frozen=True)
class Kernel:
    """A kernel of one run. `events`: it and what runs inside its bodies; `time`: microseconds of all of it; `raw`: what the
    name is if the runtime has not escaped it, where that differs."""

    name: str
    op_type: str
    time: float
    events: int = 1
    provider: str = ''
    raw: Optional[str] = None


def _escaped(text: str) -> str:
    return re.sub('["\\\\\x00-\x1f]',
                  lambda one: f'\\{one.group()}' if one.group() in '"\\' else f'\\u{ord(one.group()):04x}', text)


def _unescaped(raw: str) -> str:
    """What a name in the text means to a reader of JSON; the name itself where it means nothing."""
    try:
        name = json.loads(f'"{raw}"')
    except ValueError:
        return raw
    return name if isinstance(name, str) else raw


def _parse_events(text: str) -> Any:
    """The events of a profile, those of the runtime's own form with the name as it stands in the text as `raw`: releases up to
    1.30 write names of nodes as they are, where a quote or a backslash makes other text of the name, or no JSON."""
    pieces = _EVENT.split(text)
    raws: List[Optional[str]] = []
    for i, piece in enumerate(pieces[1:], 1):
        begin, end = piece.find(_BEFORE_NAME) + len(_BEFORE_NAME), piece.rfind(_BEHIND_NAME)
        if begin < len(_BEFORE_NAME) or end < begin:
            raws.append(None)
            continue
        raws.append(piece[begin:end])
        pieces[i] = piece[:begin] + _escaped(piece[begin:end]) + piece[end:]
    try:
        events = json.loads('\n'.join(pieces))
    except ValueError:
        return json.loads(text)
    if not isinstance(events, list) or len(events) != len(raws):
        return events
    return [event if raw is None else {**event, 'name': _unescaped(raw), 'raw': raw} for event, raw in zip(events, raws)]


def read_profile(text: str, file: str) -> List[List[Kernel]]:
    """Reads the text of a profile: for each run its outermost kernels in the order in which they ran. What runs inside the
    bodies of a kernel is part of its time and counts among its events. Raises RunError if the text is no profile."""
    try:
        events = _parse_events(text)
    except (ValueError, RecursionError) as error:
        raise RunError(f'{file}: not a complete profile of ONNX Runtime: {error}') from None
    if not isinstance(events, list):
        raise RunError(f'{file}: not a profile of ONNX Runtime: expected a list of events')
    spans: List[Dict[str, Any]] = []
    nodes: List[Dict[str, Any]] = []
    for event in events:
        if not isinstance(event, dict) or event.get('ph') != 'X':
            continue
        if event.get('cat') == 'Session' and event.get('name') == 'model_run':
            spans.append(event)
        elif event.get('cat') == 'Node' and str(event.get('name')).endswith(_KERNEL):
            nodes.append(event)
    spans.sort(key=_by_start)
    nodes.sort(key=_by_start)
    return _runs_of(spans, nodes)


def _by_start(event: Dict[str, Any]) -> Any:
    return event['ts'], -event['dur']


def _runs_of(spans: Sequence[Dict[str, Any]], nodes: Sequence[Dict[str, Any]]) -> List[List[Kernel]]:
    runs: List[List[Kernel]] = [[] for _ in spans]
    run, end = 0, -1
    for event in nodes:
        while run + 1 < len(spans) and event['ts'] >= spans[run + 1]['ts']:
            run += 1
        if run >= len(spans) or event['ts'] < spans[run]['ts']:
            continue
        # Kernels run one after the other, so what starts before the last one ended runs inside it.
        if runs[run] and event['ts'] < end:
            outer = runs[run][-1]
            runs[run][-1] = replace(outer, events=outer.events + 1)
            continue
        end = event['ts'] + event['dur']
        about = event.get('args') or {}
        raw = event.get('raw')
        runs[run].append(Kernel(
            event['name'][:-len(_KERNEL)], about.get('op_name', ''), event['dur'] + _CUT_OFF_US,
            provider=about.get('provider', ''), raw=None if raw in (None, event['name']) else raw[:-len(_KERNEL)]))
    return runs


def without_overhead(run: Sequence[Kernel], *, overhead: float, between: float, least: float) -> List[Kernel]:
    """A run less what profiling adds to it: `overhead` to the time of each kernel, and `between` for each event inside it,
    which is more because writing the event down counts too. At least `least` for each event remains, or what there was."""
    return [replace(kernel, time=max(min(kernel.time, least * kernel.events),
                                     kernel.time - overhead - between * (kernel.events - 1))) for kernel in run]


def times_of_run(run: Sequence[Kernel], nodes: Sequence[Node]) -> List[float]:
    """Sums a run's kernels by the nodes of the optimised model. Kernels are found by name and operator, in order where several
    are called alike. What the model does not know (the runtime added it after the model was saved) counts for the kernel
    before it. The sum is that of the run."""
    times = [0.0] * len(nodes)
    if not nodes:
        return times
    places: Dict[Any, List[int]] = {}
    for index, node in enumerate(nodes):
        places.setdefault((node.op_type, node.name), []).append(index)
    taken: Dict[Any, int] = {}
    last = 0
    for kernel in run:
        for key in ((kernel.op_type, kernel.name), (kernel.op_type, kernel.raw), (kernel.op_type, '')):
            if key in places:
                here, count = places[key], taken.get(key, 0)
                last = here[min(count, len(here) - 1)]
                taken[key] = count + 1
                break
        times[last] += kernel.time
    return times
