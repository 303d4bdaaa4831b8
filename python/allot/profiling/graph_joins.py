"""What joins the nodes of a graph, and an order in which they can run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Sequence

from .onnx_graph import Graph


@dataclass
class Joins:
    """Producer and consumers of each tensor, by node index; what bodies capture counts as used."""

    producer: Dict[str, int] = field(default_factory=dict)
    consumers: Dict[str, List[int]] = field(default_factory=dict)


def join(graph: Graph) -> Joins:
    """Of a graph, in time linear in its size."""
    joins = Joins()
    for index, node in enumerate(graph.nodes):
        for name in node.outputs:
            if name:
                joins.producer[name] = index
        for name in node.used():
            takers = joins.consumers.setdefault(name, [])
            if not takers or takers[-1] != index:
                takers.append(index)
    return joins


def topological_order(graph: Graph, joins: Joins) -> List[int]:
    """Producers before consumers; nodes on a cycle, which no runtime accepts, come last."""
    missing = [len({name for name in node.used() if name in joins.producer}) for node in graph.nodes]
    order = [index for index, count in enumerate(missing) if count == 0]
    for index in order:  # which grows
        for name in dict.fromkeys(graph.nodes[index].outputs):
            if joins.producer.get(name) != index:
                continue
            for taker in joins.consumers.get(name, ()):
                missing[taker] -= 1
                if missing[taker] == 0:
                    order.append(taker)
    seen = set(order)
    return order + [index for index in range(len(graph.nodes)) if index not in seen]


def constants(graph: Graph, joins: Joins, order: Sequence[int], is_computed: Sequence[bool]) -> List[bool]:
    """Which nodes depend on no input of the model, nor on a node that `is_computed` at run time: they could be computed while
    loading. `order`: a topological one."""
    overridable = set(graph.inputs)
    fixed = {name for name in graph.initializers if name not in overridable}
    constant = [False] * len(graph.nodes)
    for index in order:
        constant[index] = not is_computed[index] and all(
            constant[joins.producer[name]] if name in joins.producer else name in fixed for name in graph.nodes[index].used())
    return constant
