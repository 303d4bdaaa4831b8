"""Models for the tests, made in code."""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def two_branches(batch=1) -> onnx.ModelProto:
    """x[batch, 8] by two layers that join: y = Relu(x a) + Tanh(x b); `scale` may be overridden."""
    random = numpy.random.default_rng(3)

    def weight(name, *shape):
        return numpy_helper.from_array(random.standard_normal(shape).astype(numpy.float32), name)

    nodes = [helper.make_node('MatMul', ['x', 'a'], ['xa'], name='left'), helper.make_node('Relu', ['xa'], ['ra'], name='relu'),
             helper.make_node('MatMul', ['x', 'b'], ['xb'], name='right'), helper.make_node('Tanh', ['xb'], ['tb'], name='tanh'),
             helper.make_node('Add', ['ra', 'tb'], ['sum'], name='join'),
             helper.make_node('Mul', ['sum', 'scale'], ['y'], name='scaled')]
    graph = helper.make_graph(
        nodes, 'two_branches',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [batch, 8]),
         helper.make_tensor_value_info('scale', TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [batch, 16])],
        [weight('a', 8, 16), weight('b', 8, 16), numpy_helper.from_array(numpy.ones(1, numpy.float32), 'scale')])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def wide(width=256, layers=12) -> onnx.ModelProto:
    """Enough work in a row that a steady stream is worth several devices."""
    random = numpy.random.default_rng(4)
    nodes, weights, last = [], [], 'x'
    for i in range(layers):
        weights.append(numpy_helper.from_array(
            (random.standard_normal((width, width)) / width**0.5).astype(numpy.float32), f'w{i}'))
        nodes.append(helper.make_node('MatMul', [last, f'w{i}'], [f'h{i}'], name=f'layer{i}'))
        last = f'h{i}'
    graph = helper.make_graph(nodes, 'wide', [helper.make_tensor_value_info('x', TensorProto.FLOAT, [64, width])],
                              [helper.make_tensor_value_info(last, TensorProto.FLOAT, [64, width])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
