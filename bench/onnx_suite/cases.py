"""The node cases of ONNX's own backend tests, and the variants of each that are tried."""
import copy
import dataclasses
import warnings

import numpy
import onnx
from onnx import numpy_helper

# Inputs of so few elements may be sizes, axes or limits: what rules look into.
MOST_ELEMENTS = 64


@dataclasses.dataclass
class Case:
    name: str
    model: onnx.ModelProto
    inputs: list  # of the first data set, as ONNX's test cases give them
    outputs: list


def load():
    """All node cases, sorted by name. Takes some ten seconds: the cases are computed."""
    from onnx.backend.test.loader import load_node_model_tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_node_model_tests()
        cases = [Case(t.name, t.model, *map(list, t.data_sets[0])) for t in tests]
    return sorted(cases, key=lambda case: case.name)


def forget_results(graph, keep_bodies, is_body=False):
    """Outputs and inner values lose their types, so that rules alone give them; also inputs of bodies, unless they are kept."""
    for value in [*graph.output, *(graph.input if is_body else [])]:
        value.ClearField("type")
    del graph.value_info[:]
    for node in graph.node if not keep_bodies else []:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                forget_results(attribute.g, keep_bodies, is_body=True)


def array_of(value):
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value if isinstance(value, numpy.ndarray) else numpy.asarray(value)


def to_initializer(model, graph_input, value):
    tensor = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(array_of(value))
    tensor = copy.deepcopy(tensor)
    tensor.name = graph_input.name
    tensor.data_type = graph_input.type.tensor_type.elem_type
    model.graph.initializer.append(tensor)


def _with_initializers(case, chosen, keep_bodies):
    model = copy.deepcopy(case.model)
    forget_results(model.graph, keep_bodies)
    kept = []
    for graph_input, value in zip(case.model.graph.input, case.inputs):
        if graph_input.type.HasField("tensor_type") and chosen(graph_input.type.tensor_type.elem_type, value):
            to_initializer(model, graph_input, value)
        else:
            kept.append(graph_input)
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model


def _is_small_integer(element, value):
    return element in (onnx.TensorProto.INT64, onnx.TensorProto.INT32) and array_of(value).size <= MOST_ELEMENTS


def _is_small_number(element, value):
    numbers = (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.FLOAT, onnx.TensorProto.BOOL)
    return element in numbers and array_of(value).size <= MOST_ELEMENTS


def _symbols(model, by_size):
    """Every dimension of an input becomes a symbol: one of its own, or one for each size."""
    sizes = {}
    for graph_input in model.graph.input:
        if not graph_input.type.HasField("tensor_type"):
            continue
        for i, dim in enumerate(graph_input.type.tensor_type.shape.dim):
            if not dim.HasField("dim_value"):
                continue
            symbol = f"size_{dim.dim_value}" if by_size else f"{graph_input.name}_{i}"
            sizes[symbol] = dim.dim_value
            dim.dim_param = symbol
    return sizes


def variants(case, keep_bodies=False):
    """(name, model, sizes of its symbols) of each variant. Variants that are the same come once. ONNX Runtime needs the types
    of what is in bodies."""
    seen = set()
    for name, chosen, symbols in (("given", None, None), ("integers", _is_small_integer, None),
                                  ("numbers", _is_small_number, None), ("symbols", _is_small_integer, False),
                                  ("sizes", _is_small_integer, True), ("open", None, False)):
        model = _with_initializers(case, chosen or (lambda element, value: False), keep_bodies)
        sizes = {} if symbols is None else _symbols(model, symbols)
        text = model.SerializeToString()
        if text not in seen:
            seen.add(text)
            yield name, model, sizes
