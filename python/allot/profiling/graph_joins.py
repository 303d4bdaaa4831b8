"""What joins the nodes of a graph, and an order in which they can run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List

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
