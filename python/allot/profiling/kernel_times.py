"""From what was measured of a model to what its operators take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List, Sequence

from ..errors import RunError
from ..support.statistics import median, spread
from .fusion_map import NodeTime, attribute_times, clue_shares, map_fusion
from .onnx_graph import Graph
from .profile_events import Kernel, times_of_run, without_overhead

_HEAVY = 0.9  # of the time: nodes that make it up are looked at closer


@dataclass(frozen=True)
class Base:
    """What next to nothing costs on a device, microseconds: `fixed` of a run, `least` of one more kernel, `overhead`: what
    profiling adds to a kernel."""

    fixed: float
    least: float
    overhead: float


@dataclass(frozen=True)
class Spread:
    """Interquartile ranges over medians: of the whole, and of the nodes that make up nine tenths of the time."""

    whole: float
    median: float
    worst: float
    worst_node: str


@dataclass(frozen=True)
class OperatorTimes:
    """What the operators of a model take on a device, microseconds.

    rows: one for each node of the original. runs, whole: the number of runs and the median time of one without the profile.
    kernels, profiled: the number of kernels and the sum of their times as profiled, less the base's overhead for each (but its
    least remains); scale: what they were then multiplied by. clues: the shares of time by how kernels were attributed.
    providers: those that ran kernels. divided_as: a device whose rows said how to divide the whole, where the provider tells no
    times of nodes; '' where it does.
    """

    rows: List[NodeTime]
    runs: int
    whole: float
    profiled: float
    scale: float
    kernels: int
    spread: Spread
    clues: Dict[str, float]
    providers: List[str]
    base: Base
    divided_as: str = ''


def operator_times(original: Graph, optimised: Graph, runs: Sequence[Sequence[Kernel]], slow: float, wholes: Sequence[float],
                   base: Base) -> OperatorTimes:
    """From the graphs, the profile's runs and what such a run takes, and times of runs without a profile. If the whole takes no
    longer than the fixed cost, nothing is scaled (scale 1). Raises RunError if the profile is empty."""
    if not runs:
        raise RunError('the profile of ONNX Runtime holds no run')
    whole = median(wholes) or 0.0
    # What profiling adds to a run for each event shows where kernels have bodies, in whose time events are written.
    between = max(0.0, slow - whole) / max(1, sum(kernel.events for kernel in runs[0]))
    by_run = [times_of_run(without_overhead(run, overhead=base.overhead, between=between, least=base.least), optimised.nodes)
              for run in runs]
    kernels = [[times[k] for times in by_run] for k in range(len(optimised.nodes))]
    times = [_typical(values) for values in kernels]
    found = map_fusion(original, optimised)
    profiled = sum(times)
    scale = (whole - base.fixed) / profiled if profiled > 0 and whole > base.fixed else 1.0
    rows = attribute_times(original, found, [time * scale for time in times])
    return OperatorTimes(rows, len(wholes), whole, profiled, scale, len(kernels),
                         _spread(kernels, times, wholes, [rows[anchor].label if anchor >= 0 else '' for anchor in found.anchors]),
                         clue_shares(found, times), sorted({kernel.provider for kernel in runs[0]}), base)


def divided_times(wholes: Sequence[float], base: Base, kernels: Sequence[Kernel], like: OperatorTimes, device: str) -> OperatorTimes:
    """Times of a device whose provider compiles groups of nodes and tells no times within them: what the whole takes is divided
    as it is on a device that tells them, `like`, which is called `device`. kernels: those of a run."""
    whole, total = median(wholes) or 0.0, sum(row.time for row in like.rows)
    scale = max(0.0, whole - base.fixed) / total if total > 0 else 1.0
    return OperatorTimes([row._replace(time=row.time * scale) for row in like.rows], len(wholes), whole, total, scale, len(kernels),
                         Spread(spread(wholes), 0.0, 0.0, ''), like.clues, sorted({kernel.provider for kernel in kernels}), base, device)


def _typical(values: Sequence[float]) -> float:
    """The mean of the faster half: interruptions only ever make a kernel slower, and a mean is finer than the whole microseconds
    of the profile. What the whole takes at the median is restored by scaling."""
    fast = sorted(values)[:math.ceil(len(values) / 2)]
    return sum(fast) / len(fast)


def _spread(kernels: Sequence[Sequence[float]], times: Sequence[float], wholes: Sequence[float], labels: Sequence[str]) -> Spread:
    heavy: List[int] = []
    left = _HEAVY * sum(times)
    for k in sorted(range(len(times)), key=lambda k: (-times[k], k)):
        if left <= 0:
            break
        heavy.append(k)
        left -= times[k]
    spreads = [spread(kernels[k]) for k in heavy]
    worst = max(range(len(heavy)), key=lambda i: spreads[i], default=None)
    return Spread(spread(wholes), median(spreads) or 0.0, 0.0 if worst is None else spreads[worst],
                  '' if worst is None else labels[heavy[worst]])
