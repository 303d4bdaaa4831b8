"""What a runtime says of the nodes of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Set, Tuple

from ..profiling.onnx_graph import Graph

NodeKey = Tuple[str, str, str]
"""Domain ('' for ai.onnx), operator and name: what runtimes tell nodes apart by. Several nodes may have the same."""

ANY_DOMAIN = '*'
"""The domain of a key that does not say it."""


@dataclass
class Placements:
    """Who runs each node that the runtime speaks of: providers by NodeKey; `others` run all that it does not name. `runtime`
    names it, with its version."""

    runtime: str
    runners: Dict[NodeKey, Set[str]] = field(default_factory=dict)
    others: Set[str] = field(default_factory=set)

    def of(self, key: NodeKey) -> Set[str]:
        """Who runs the nodes of a key."""
        return self.runners.get(key) or self.runners.get((ANY_DOMAIN, *key[1:])) or self.others

    def to_json(self) -> Any:
        """The whole as JSON."""
        return {'runtime': self.runtime, 'others': sorted(self.others),
                'runners': [[list(key), sorted(who)] for key, who in sorted(self.runners.items())]}

    @staticmethod
    def from_json(said: Any) -> 'Placements':
        """What to_json() made."""
        runners = {(key[0], key[1], key[2]): set(who) for key, who in said['runners']}
        return Placements(said['runtime'], runners, set(said['others']))


@dataclass(frozen=True)
class Verdict:
    """Nodes of a graph by index: those that the provider takes, those that it leaves to others, and those of which the runtime
    does not say it."""

    taken: List[int]
    refused: List[int]
    untold: List[int]


def plain_domain(domain: str) -> str:
    """'' for the domain of ONNX itself, however it is written."""
    return '' if domain == 'ai.onnx' else domain


def keys_of(graph: Graph) -> List[NodeKey]:
    """Of each node."""
    return [(plain_domain(node.domain), node.op_type, node.name) for node in graph.nodes]


def judge(graph: Graph, said: Placements, providers: Sequence[str]) -> Verdict:
    """Which nodes one of `providers` takes, as the runtime calls them. Nodes that it cannot tell apart must all have the same
    answer. It says nothing of constants, nor of functions that it takes apart before anybody is asked."""
    verdict = Verdict([], [], [])
    own = set(providers)
    for index, key in enumerate(keys_of(graph)):
        who = said.of(key)
        if who and who <= own:
            verdict.taken.append(index)
        elif who and not who & own:
            verdict.refused.append(index)
        else:
            verdict.untold.append(index)
    return verdict
