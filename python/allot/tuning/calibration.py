"""Correcting measured costs by what the parts of a plan took when they ran.

Operators are measured in a model that runs whole. In a part they may take longer: kernels are fused otherwise at a boundary,
layouts change there, and devices that work at the same time share caches and memory. So what a part took beyond its operators' rows
is told apart, by how it grows over the parts of a plan:
  with the bytes that cross the part's boundary: writing, reading and laying out tensors, the cost of a transfer;
  not at all: messages, the cost of launching a part;
  with the operators: what is left, by which their rows are scaled, for each part by its own factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ..profiling.costs_table import CostRow
from ..profiling.target_devices import Device, likeness
from ..running.plan_run import PlanRun
from ..support.statistics import median
from .least_squares import fit_two
from .part_figures import PartFigures, part_figures, parts_of_nodes

_ENOUGH_PARTS = 4  # a boundary's share of what parts compute beyond their rows shows only if it can be told from the operators'
_SHOWN = (4096, 4194304)  # sizes of the two rows that a transfer's line is written as, bytes


@dataclass(frozen=True)
class Overhead:
    """What parts on devices that are alike cost besides their operators: microseconds, and microseconds per byte written or read.
    crosses: whether tensors went from one device to another at all."""

    launch: float
    per_byte: float
    crosses: bool


def fit_overhead(parts: Sequence[PartFigures]) -> Overhead:
    """Of parts on devices that are alike; there must be one."""
    fixed, copying = fit_two([(1, part.moved, part.move) for part in parts])
    excess = fit_two([(part.rows, part.moved, part.compute - part.rows) for part in parts])[1] if len(parts) >= _ENOUGH_PARTS else 0.0
    waiting = median([part.wait for part in parts]) or 0.0
    return Overhead(fixed + waiting, copying + excess, any(part.crossing > 0 for part in parts))


def calibrate(rows: Sequence[CostRow], plan: Mapping[str, Any], run: PlanRun, devices: Sequence[Device]) -> List[CostRow]:
    """The table `rows` corrected by a run: `plan` is plan.json, `devices` those of the target's JSON. With the new table the
    planner predicts for the same plan what was measured. Rows of operators that no part ran stay, and so do those of devices
    unlike all that ran."""
    like = {device['name']: likeness(device) for device in devices}
    parts_of = parts_of_nodes(plan)
    figures = part_figures(rows, parts_of, run)
    overheads: Dict[Optional[str], Overhead] = {}
    factors: Dict[str, float] = {}
    device_of = {part.id: part.device for part in figures}
    for kind in dict.fromkeys(like.get(part.device) for part in figures):
        alike = [part for part in figures if like.get(part.device) == kind]
        overhead = overheads[kind] = fit_overhead(alike)
        for part in alike:
            operators = part.compute + part.move + part.wait - overhead.launch - overhead.per_byte * part.crossing
            if part.rows > 0 and operators > 0:
                factors[part.id] = operators / part.rows
    corrected: List[CostRow] = []
    written: Set[Tuple[str, str]] = set()
    for row in rows:
        if row.what == 'launch':
            known = overheads.get(like.get(row.device))
            corrected.append(row if known is None else replace(row, time_us=known.launch))
        elif row.what == 'transfer':
            corrected += _transfer(row, [overheads.get(like.get(end)) for end in (row.device, row.to)], written)
        else:
            # The part of the row's own device, or else of one like it.
            parts = [part for part in parts_of.get(row.node, ()) if part in factors and like.get(device_of[part]) == like.get(row.device)]
            best = next((part for part in parts if device_of[part] == row.device), parts[0] if parts else None)
            corrected.append(row if best is None else replace(row, time_us=row.time_us * factors[best]))
    return corrected


def _transfer(row: CostRow, ends: Sequence[Optional[Overhead]], written: Set[Tuple[str, str]]) -> List[CostRow]:
    """What becomes of a row of passing tensors: a line through nothing, written once for a pair of devices."""
    known = [end for end in ends if end is not None and end.crosses]
    per_byte = sum(end.per_byte for end in known)
    if len(known) < len(ends) or per_byte <= 0:
        return [row]
    if (row.device, row.to) in written:
        return []
    written.add((row.device, row.to))
    return [replace(row, bytes=str(size), time_us=per_byte * size) for size in _SHOWN]
