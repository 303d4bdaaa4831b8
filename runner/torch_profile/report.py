"""What measuring a model gave: rows of the table, its comments, and what could not be measured."""
from typing import Dict, List, Sequence, Tuple

from .costs_table import Row
from .node_runner import NodeTime
from .statistics import median


def operator_rows(times: Sequence[NodeTime], device: str) -> Tuple[List[Row], List[NodeTime]]:
    """A row for each measured node, and the nodes without one. Nodes that share a name get none: a row names one."""
    count: Dict[str, int] = {}
    for time in times:
        count[time.label] = count.get(time.label, 0) + 1
    rows, missing = [], []
    for time in times:
        if time.time_us is not None and count[time.label] > 1:
            time.time_us, time.why = None, 'another node has the same name'
        if time.time_us is None:
            missing.append(time)
        else:
            rows.append(Row('op', device, time.time_us, node=time.label))
    return rows, missing


def summary(times: Sequence[NodeTime], missing: Sequence[NodeTime]) -> str:
    """Counts and the sum, in one line."""
    present = [time for time in times if time.time_us is not None]
    measured = [time for time in present if time.how == 'measured']
    text = f'{len(times)} nodes: {len(measured)} measured, {sum(t.how == "view" for t in present)} that only reshape, '
    text += f'{sum(t.how == "folded" for t in present)} computed beforehand, {len(missing)} without a row'
    total = sum(time.time_us or 0.0 for time in measured)
    if total == 0:
        return text
    return text + f'; together {total:.1f} us, median spread {100 * median([t.spread for t in measured]):.1f}%'


def missing_lines(missing: Sequence[NodeTime]) -> List[str]:
    """A line for each node without a row."""
    return [f'no row: {time.label} ({time.operator}): {time.why}' for time in missing]


def listing(times: Sequence[NodeTime]) -> str:
    """What would be measured: node, operator, how, shapes of the results."""
    return ''.join(f'{time.how:9}{time.label} ({time.operator}) {time.dims or "?"}\n' for time in times)
