"""What a runtime said of the nodes of a model, as rules of a target."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence, Tuple

from ..profiling.graph_joins import constants, join, topological_order
from ..profiling.onnx_graph import Graph, node_label
from .answers import keys_of

NOTE = 'asked of '  # how the notes of our own rules begin
_MOST_PATTERN = 900  # characters


def _literal(name: str) -> str:
    """A pattern that matches a name, and nothing else."""
    return re.sub(r'[\\^$.*+?()\[\]{}|]', r'\\\g<0>', name)


def rules_for(graph: Graph, device: str, refused: Sequence[int], note: str) -> List[Dict[str, Any]]:
    """Rules that keep the `refused` nodes off `device`: by operator where all nodes of it are refused, else by name. Nodes that
    runtimes compute while they load the model need no rule."""
    joins = join(graph)
    at_load = constants(graph, joins, topological_order(graph, joins), [False] * len(graph.nodes))
    wanted = {index for index in refused if not at_load[index]}
    by_operator: Dict[Tuple[str, str], List[int]] = {}
    for index, (domain, op_type, _) in enumerate(keys_of(graph)):
        by_operator.setdefault((domain, op_type), []).append(index)
    rules: List[Dict[str, Any]] = []
    for (domain, op_type), indices in sorted(by_operator.items()):
        here = [index for index in indices if index in wanted]
        rule = {'forbid': device, 'op': f'{domain}:{op_type}' if domain else op_type}
        if len(here) == len(indices):
            rules.append({**rule, 'note': note})
        else:
            labels = [node_label(graph.nodes[index], index) for index in here]
            rules += [{**rule, 'name': pattern, 'note': note} for pattern in _patterns(labels)]
    return rules


def _patterns(names: Sequence[str]) -> List[str]:
    """Names as few patterns, none too long."""
    patterns: List[str] = []
    for literal in map(_literal, dict.fromkeys(names)):
        if patterns and len(patterns[-1]) + 1 + len(literal) <= _MOST_PATTERN:
            patterns[-1] += '|' + literal
        else:
            patterns.append(literal)
    return patterns


def with_rules(target: Dict[str, Any], device: str, rules: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """A target's document with these rules at the end, in place of what was asked for the device before."""
    kept = [rule for rule in target.get('rules', ())
            if not (rule.get('forbid') == device and str(rule.get('note', '')).startswith(NOTE))]
    return {**target, 'rules': [*kept, *rules]} if kept or rules or 'rules' in target else target
