"""The graph of an ONNX file: which nodes there are and what joins them. Weights stay in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List

from .protobuf_reader import Field, ProtobufReader

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_SPARSE_INITIALIZER = 1, 5, 11, 12, 15
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 3, 4, 5, 7
_ATTRIBUTE_GRAPHS = (6, 11)
_TENSOR_NAME, _SPARSE_VALUES, _VALUE_NAME = 8, 1, 1

_MOST_DEPTH = 64  # deeper nesting is no model but a damaged or hostile file


@dataclass
class Node:
    """An absent input or output is ''; `captures` are the outer tensors that its bodies use."""

    name: str = ''
    op_type: str = ''
    domain: str = ''
    inputs: List[str] = field(default_factory=list)
    outputs: List[str] = field(default_factory=list)
    captures: List[str] = field(default_factory=list)
    has_bodies: bool = False

    def used(self) -> List[str]:
        """The tensors that it reads."""
        return [name for name in (*self.inputs, *self.captures) if name != '']


@dataclass
class Graph:
    """Nodes in the file's order; the others are names of tensors."""

    nodes: List[Node] = field(default_factory=list)
    inputs: List[str] = field(default_factory=list)
    outputs: List[str] = field(default_factory=list)
    initializers: List[str] = field(default_factory=list)


def read_onnx_graph(path: str) -> Graph:
    """Reads the graph of a model. Raises InvalidInput if the file is damaged. Time: linear in nodes."""
    with ProtobufReader(path) as reader:
        graph = None
        for one in reader.fields(0, reader.size):
            if one.number == _MODEL_GRAPH:
                graph = _read_graph(reader, one, 0)
        if graph is None:
            raise reader.damaged(reader.size, 'no graph before the end')
        return graph


def _read_graph(reader: ProtobufReader, within: Field, depth: int) -> Graph:
    if depth > _MOST_DEPTH:
        raise reader.damaged(within.start, f'bodies are nested more than {_MOST_DEPTH} deep')
    graph = Graph()
    for part in reader.message(within):
        if part.number == _GRAPH_NODE:
            graph.nodes.append(_read_node(reader, part, depth))
        elif part.number == _GRAPH_INPUT:
            graph.inputs.append(_name_in(reader, part, _VALUE_NAME))
        elif part.number == _GRAPH_OUTPUT:
            graph.outputs.append(_name_in(reader, part, _VALUE_NAME))
        elif part.number == _GRAPH_INITIALIZER:
            graph.initializers.append(_name_in(reader, part, _TENSOR_NAME))
        elif part.number == _GRAPH_SPARSE_INITIALIZER:
            graph.initializers += [_name_in(reader, inner, _TENSOR_NAME) for inner in reader.message(part)
                                   if inner.number == _SPARSE_VALUES]
    return graph


def _read_node(reader: ProtobufReader, within: Field, depth: int) -> Node:
    node = Node()
    captures: Dict[str, None] = {}
    for part in reader.message(within):
        if part.number == _NODE_INPUT:
            node.inputs.append(reader.text(part))
        elif part.number == _NODE_OUTPUT:
            node.outputs.append(reader.text(part))
        elif part.number == _NODE_NAME:
            node.name = reader.text(part)
        elif part.number == _NODE_OP_TYPE:
            node.op_type = reader.text(part)
        elif part.number == _NODE_DOMAIN:
            node.domain = reader.text(part)
        elif part.number == _NODE_ATTRIBUTE:
            for inner in reader.message(part):
                if inner.number in _ATTRIBUTE_GRAPHS:
                    node.has_bodies = True
                    captures.update(dict.fromkeys(_free_names(_read_graph(reader, inner, depth + 1))))
    node.captures = list(captures)
    return node


def _free_names(body: Graph) -> List[str]:
    """The tensors that a body uses and does not define."""
    defined = {*body.inputs, *body.initializers, *(name for node in body.nodes for name in node.outputs)}
    used = [name for node in body.nodes for name in (*node.inputs, *node.captures)] + body.outputs
    return [name for name in used if name != '' and name not in defined]


def _name_in(reader: ProtobufReader, within: Field, number: int) -> str:
    name = ''
    for part in reader.message(within):
        if part.number == number:
            name = reader.text(part)
    return name


def node_label(node: Node, index: int) -> str:
    """What the planner calls a node: its name, or operator and index of one without a name."""
    return node.name or f'{node.op_type}#{index}'
