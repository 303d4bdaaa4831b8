"""What became of the nodes of a model that a runtime has optimised: they run, were fused into another one, or were folded."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Set

from .graph_joins import Joins, constants, topological_order
from .onnx_graph import Graph

_NONE, _MANY = -1, -2


class Fate(NamedTuple):
    """`status`: 'kernel', it runs, and its time is that of the kernels that it is the anchor of; 'fused', its work is done by
    the kernels of the node with index `into`; 'folded', nothing is left of it at run time (computed while loading, or
    removed)."""

    status: str
    into: int


def fates_of(original: Graph, optimised: Graph, joins: Joins, anchors: Sequence[int], members: Sequence[Sequence[int]]) -> List[Fate]:
    """What became of each node of `original`. `joins`: those of the original; for each kernel of `optimised` its anchor and
    the `members` that its names speak of. Time: linear in the sizes of both."""
    nodes = original.nodes
    is_anchor = [False] * len(nodes)
    for anchor in anchors:
        if anchor >= 0:
            is_anchor[anchor] = True
    # A kernel that speaks of a node which is not its anchor has taken it in.
    taken_by = [_NONE] * len(nodes)
    read_by: Dict[int, Set[str]] = {}  # anchor -> names that its kernels read
    for kernel, anchor in enumerate(anchors):
        if anchor < 0:
            continue
        for member in members[kernel]:
            if not is_anchor[member] and taken_by[member] == _NONE:
                taken_by[member] = anchor
        read_by.setdefault(anchor, set()).update(optimised.nodes[kernel].used())

    order = topological_order(original, joins)
    goal = _goals(original, optimised, joins, order, is_anchor, taken_by)
    constant = constants(original, joins, order, is_anchor)
    fates: List[Optional[Fate]] = [None] * len(nodes)

    def is_read_by(index: int, anchor: int) -> bool:
        """Constants that a kernel takes as they are, quantized weights for one, are computed by it and not while loading."""
        for name in nodes[index].used():
            if name in read_by[anchor]:
                return True
            maker = joins.producer.get(name)
            if maker is not None and fates[maker] == Fate('fused', anchor):
                return True
        return False

    for index in order:
        into = goal[index]
        if is_anchor[index]:
            fates[index] = Fate('kernel', -1)
        elif into < 0 or (constant[index] and taken_by[index] == _NONE and not is_read_by(index, into)):
            fates[index] = Fate('folded', -1)
        else:
            fates[index] = Fate('fused', into)
    return [fate for fate in fates if fate is not None]


def _goals(original: Graph, optimised: Graph, joins: Joins, order: Sequence[int], is_anchor: Sequence[bool],
           taken_by: Sequence[int]) -> List[int]:
    """For each node that is gone the one anchor that all that it computes leads to; _NONE or _MANY if there is no such. What
    became a weight of the optimised model leads nowhere, and neither does what only such values need."""
    stored = set(optimised.initializers)
    goal = [_NONE] * len(original.nodes)
    for index in reversed(order):
        outputs = original.nodes[index].outputs
        if is_anchor[index]:
            goal[index] = index
        elif taken_by[index] != _NONE:
            goal[index] = taken_by[index]
        elif not any(name in stored for name in outputs):
            for following in (goal[taker] for name in outputs for taker in joins.consumers.get(name, ())):
                if following not in (_NONE, goal[index]):
                    goal[index] = following if goal[index] == _NONE else _MANY
    return goal
