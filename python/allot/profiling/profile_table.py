"""What a profile found, as rows and comments of a table of costs and as plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping

from ..support.numbers import plain
from .costs_table import CostRow
from .kernel_times import OperatorTimes
from .measure_pool import PoolTimes

_SLOWER = 1.5  # a scale beyond this, or its inverse, says that the machine changed its pace between the runs with and without a profile


@dataclass(frozen=True)
class Measured:
    """Devices that are alike, of which the first was measured."""

    devices: List[str]
    times: OperatorTimes


@dataclass(frozen=True)
class Absent:
    """Devices that are not here, and why."""

    devices: List[str]
    why: str


@dataclass(frozen=True)
class Profile:
    """What was found, and how: all times of it in microseconds."""

    model: str  # a path
    target: str  # its name
    level: str
    objective: str
    dims: Mapping[str, int]
    default_dim: int
    nodes: int  # of the model
    measured: List[Measured]
    absent: List[Absent]
    pool: PoolTimes

    def comments(self) -> List[str]:
        """What the table says above its rows."""
        lines = [f'measured times of {os.path.basename(self.model)} on target {self.target}, ONNX Runtime at level {self.level}',
                 f'open dimensions: {", ".join([*(f"{name}={size}" for name, size in self.dims.items()), self._others()])}']
        for one in self.measured:
            lines += _description(one)
        lines += [f'not measured: {", ".join(absent.devices)}: {absent.why}' for absent in self.absent]
        which = 'second' if self.objective == 'throughput' else 'first'
        lines += [f'device {launch.device}: launching a part takes {_us(launch.alone_us)} alone, {_us(launch.streamed_us)} in a stream; '
                  f'the row holds the {which}' for launch in self.pool.launches]
        return lines

    def _others(self) -> str:
        return f'all {"others" if self.dims else "of them"} {self.default_dim}'

    def rows(self) -> List[CostRow]:
        """The table's rows."""
        rows: List[CostRow] = []
        for one in self.measured:
            for device in one.devices:
                rows += _operator_rows(device, one.times)
        rows += [CostRow('launch', launch.device, launch.streamed_us if self.objective == 'throughput' else launch.alone_us)
                 for launch in self.pool.launches]
        rows += [CostRow('transfer', one.device, one.time_us, to=one.to, bytes=str(one.bytes)) for one in self.pool.transfers]
        return rows

    def report(self) -> Dict[str, Any]:
        """The figures as plain data."""
        return {
            'model': os.path.basename(self.model), 'target': self.target, 'level': self.level, 'dims': dict(self.dims),
            'default_dim': self.default_dim, 'nodes': self.nodes, 'measured': [_figures(one) for one in self.measured],
            'absent': [{'devices': absent.devices, 'why': absent.why} for absent in self.absent],
            'launches': [{'device': one.device, 'alone_us': one.alone_us, 'streamed_us': one.streamed_us} for one in self.pool.launches],
            'transfers': [{'from': one.device, 'to': one.to, 'bytes': one.bytes, 'time_us': one.time_us} for one in self.pool.transfers],
        }


def _us(time: float) -> str:
    return f'{plain(time, 2)} us'


def _percent(share: float) -> str:
    return f'{share * 100:.1f} %'


def _is_doubtful(times: OperatorTimes) -> bool:
    return not times.divided_as and not 1 / _SLOWER <= times.scale <= _SLOWER


def _description(one: Measured) -> List[str]:
    times, spread = one.times, one.times.spread
    who = f'device {one.devices[0]}' if len(one.devices) == 1 else \
        f'devices {", ".join(one.devices)} (alike; {one.devices[0]} was measured)'
    worst = f' at {spread.worst_node}' if spread.worst_node else ''
    lines = [f'{who}: the whole model takes {_us(times.whole)} (median of {times.runs} runs, spread {_percent(spread.whole)}), '
             f'of which {_us(times.base.fixed)} are the fixed cost of a run',
             f'{who}: times of {times.kernels} kernels, {_us(times.profiled)} in the profile less {_us(times.base.overhead)} for each '
             f'that profiling costs, were scaled by {times.scale:.4f}; spread of the kernels that make up 90 % of the time: '
             f'median {_percent(spread.median)}, worst {_percent(spread.worst)}{worst}']
    if times.divided_as:
        return [lines[0], f'{who}: the provider tells no times of nodes: the whole is divided among them as on {times.divided_as}']
    if _is_doubtful(times):
        lines.append(f'{who}: the scale is far from 1: the machine was busy, measure again when it is not')
    return lines


@dataclass
class _Sum:
    time: float
    fused_into: str
    count: int


def _operator_rows(device: str, times: OperatorTimes) -> List[CostRow]:
    """Rows as the planner finds nodes, by name: nodes that share a name share one row, the mean of them."""
    by_label: Dict[str, _Sum] = {}
    for row in times.rows:
        into = times.rows[row.into].label if row.into >= 0 and times.rows[row.into].label != row.label else ''
        same = by_label.get(row.label)
        if same is None:
            by_label[row.label] = _Sum(row.time, into, 1)
            continue
        same.time += row.time
        same.count += 1
        if same.fused_into != into:
            same.fused_into = ''
    return [CostRow('op', device, one.time / one.count, node=label, fused_into='' if one.time > 0 else one.fused_into)
            for label, one in by_label.items()]


def _figures(one: Measured) -> Dict[str, Any]:
    times, spread = one.times, one.times.spread

    def count(status: str) -> int:
        return sum(row.status == status for row in times.rows)

    return {
        'devices': one.devices, 'runs': times.runs, 'whole_us': times.whole, 'fixed_us': times.base.fixed,
        'kernel_us': times.base.least, 'overhead_us': times.base.overhead, 'profiled_us': times.profiled, 'scale': times.scale,
        'doubtful': _is_doubtful(times), 'kernels': times.kernels,
        'spread': {'whole': spread.whole, 'median': spread.median, 'worst': spread.worst, 'worst_node': spread.worst_node},
        'nodes': {'measured': count('kernel'), 'fused': count('fused'), 'folded': count('folded')},
        'attribution': times.clues, 'providers': times.providers, **({'divided_as': times.divided_as} if times.divided_as else {}),
    }
