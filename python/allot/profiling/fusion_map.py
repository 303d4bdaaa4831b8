"""Whose work a kernel does: from the nodes of an optimised model back to the nodes of the original.

A runtime fuses, folds, renames and adds nodes before it runs them. Each of its kernels is given to an *anchor*, the original
node that produces what the kernel produces; original nodes that are gone are fused into the kernel that they lead to, or were
folded. Every kernel has exactly one anchor, so no time is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence

from .fusion_fates import Fate, fates_of
from .graph_joins import Joins, join
from .onnx_graph import Graph, Node, node_label

CLUES = ('output', 'form', 'name', 'prefix', 'neighbour')
"""How a kernel's anchor was found, from the surest to the weakest."""

# What a tensor is called in another form: in blocked layout, or in float32 instead of float16.
_FORMS = (re.compile('(.+)_nchwc', re.DOTALL), re.compile('InsertedPrecisionFreeCast_(.+)', re.DOTALL))


@dataclass(frozen=True)
class FusionMap:
    """For each kernel the index of its original node and one of CLUES (-1 and 'neighbour' if the original has no nodes); for
    each original node what became of it."""

    anchors: List[int]
    clues: List[str]
    fates: List[Fate]


class NodeTime(NamedTuple):
    """What an original node takes, microseconds. `into`: the node that it was fused into, else -1."""

    label: str
    time: float
    status: str
    into: int


def map_fusion(original: Graph, optimised: Graph) -> FusionMap:
    """Maps the kernels of `optimised` to the nodes of `original`. Time: linear in the sizes of both."""
    joins = join(original)
    clues = _clues(original, optimised, joins)
    anchors = _settled([clue.anchor for clue in clues], original, optimised)
    fates = fates_of(original, optimised, joins, anchors, [clue.members for clue in clues])
    return FusionMap(anchors, [clue.clue for clue in clues], fates)


def attribute_times(original: Graph, found: FusionMap, times: Sequence[float]) -> List[NodeTime]:
    """Sums per-kernel times by anchor, one row for each original node in order. The sum of the times is that of `times`."""
    sums = [0.0] * len(original.nodes)
    for anchor, time in zip(found.anchors, times):
        if anchor >= 0:
            sums[anchor] += time
    return [NodeTime(node_label(node, index), sums[index], fate.status, fate.into)
            for index, (node, fate) in enumerate(zip(original.nodes, found.fates))]


def clue_shares(found: FusionMap, times: Sequence[float]) -> Dict[str, float]:
    """The share of the time that each of CLUES accounts for; all 0 of no time."""
    total = sum(times)
    shares = dict.fromkeys(CLUES, 0.0)
    for clue, time in zip(found.clues, times):
        if total > 0:
            shares[clue] += time / total
    return shares


class _Clue(NamedTuple):
    anchor: int  # that a kernel's own names tell, or -1
    clue: str
    members: List[int]  # all original nodes that they speak of


def _clues(original: Graph, optimised: Graph, joins: Joins) -> List[_Clue]:
    by_name: Dict[str, int] = {}
    for index, node in enumerate(original.nodes):
        if node.name:
            by_name.setdefault(node.name, index)
    return [_clue_of(kernel, joins.producer, by_name) for kernel in optimised.nodes]


def _clue_of(kernel: Node, producer: Dict[str, int], by_name: Dict[str, int]) -> _Clue:
    made = [producer[name] for name in kernel.outputs if name in producer]
    named = by_name.get(kernel.name)
    prefixed = named if named is not None else _longest_prefix(kernel.name, by_name)
    members = made if prefixed is None else [*made, prefixed]
    if made:  # of several results the last one is where the fused group ends
        return _Clue(max(made), 'output', members)
    for name in (*kernel.outputs, kernel.name):
        for form in _FORMS:
            found = form.fullmatch(name)
            if found and found.group(1) in producer:
                return _Clue(producer[found.group(1)], 'form', members)
    if named is not None:
        return _Clue(named, 'name', members)
    if prefixed is not None:
        return _Clue(prefixed, 'prefix', members)
    return _Clue(-1, 'neighbour', members)


def _longest_prefix(name: str, by_name: Dict[str, int]) -> Optional[int]:
    slash = name.rfind('/')
    while slash > 0:
        index = by_name.get(name[:slash])
        if index is not None:
            return index
        slash = name.rfind('/', 0, slash)
    return None


def _settled(anchors: List[int], original: Graph, optimised: Graph) -> List[int]:
    """What serves a neighbour has a tensor in common with it: consumers settle backwards, then producers forwards."""
    joins, kernels = join(optimised), optimised.nodes

    def settle(kernel: int, candidates: Iterable[int]) -> None:
        if anchors[kernel] < 0:
            anchors[kernel] = next((anchors[one] for one in candidates if anchors[one] >= 0), -1)

    for k in range(len(kernels) - 1, -1, -1):
        settle(k, (taker for name in kernels[k].outputs for taker in joins.consumers.get(name, ())))
    for k, kernel in enumerate(kernels):
        settle(k, (joins.producer[name] for name in kernel.used() if name in joins.producer))
    # Alone in its graph: whatever ran before it, for its time must go somewhere.
    last = 0 if original.nodes else -1
    for k, anchor in enumerate(anchors):
        if anchor < 0:
            anchors[k] = last
        else:
            last = anchor
    return anchors
