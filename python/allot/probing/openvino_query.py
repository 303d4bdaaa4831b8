"""What OpenVINO says of the nodes of a model: its own question, where ONNX Runtime has no provider for it."""

from __future__ import annotations

from typing import Any, Dict, List, Set

from ..profiling.onnx_graph import Graph
from .answers import Placements, keys_of

PROVIDER = 'OpenVINOExecutionProvider'
NOBODY = 'nobody'


def query_of_openvino(openvino: Any, path: str, graph: Graph, device: str) -> Placements:
    """Asks whether `device` ('CPU', 'GPU.1', 'NPU') takes each node of the model at `path`, whose graph is `graph`. A node that
    is read as several operations is taken if all of them are. Raises what OpenVINO raises."""
    core = openvino.Core()
    model = core.read_model(path)
    taken = set(core.query_model(model, device))
    makers: Dict[str, Any] = {}  # of tensors that have a name in the file
    for operation in model.get_ordered_ops():
        for i in range(operation.get_output_size()):
            for name in operation.output(i).get_names():
                makers.setdefault(name, operation)
    result = Placements(f'openvino {str(openvino.__version__).split("-")[0]}')  # without the build's name
    for key, node in zip(keys_of(graph), graph.nodes):
        outputs = [makers[name] for name in node.outputs if name in makers]
        if outputs and node.op_type != 'Constant':
            all_taken = all(operation.get_friendly_name() in taken for operation in _operations_of(outputs, node.outputs, makers))
            result.runners.setdefault(key, set()).add(PROVIDER if all_taken else NOBODY)
    return result


def _operations_of(outputs: List[Any], names: List[str], makers: Dict[str, Any]) -> List[Any]:
    """The operations that a node is read as: from its outputs back to tensors that have a name of other nodes."""
    found: List[Any] = []
    seen: Set[str] = set()
    own = set(names)
    waiting = list(outputs)
    while waiting:
        operation = waiting.pop()
        name = operation.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        found.append(operation)
        for i in range(operation.get_input_size()):
            source = operation.input_value(i)
            if all(tensor in own for tensor in source.get_names()):
                waiting.append(source.get_node())
    return found
