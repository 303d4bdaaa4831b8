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


def decoder(layers=12, width=32, heads=2, tokens=50, positions=200) -> onnx.ModelProto:
    """A decoder with a cache, one token a step: input_ids, attention_mask, position_ids and past_key_values.N.key/.value to logits
    and present.N.key/.value. Nodes are called layerN/..., which pins choose by."""
    random = numpy.random.default_rng(5)
    size, nodes, weights = width // heads, [], []
    ids, mask = [helper.make_tensor_value_info(name, TensorProto.INT64, ['batch', length])
                 for name, length in (('input_ids', 'sequence'), ('attention_mask', 'total'))]
    inputs = [ids, mask, helper.make_tensor_value_info('position_ids', TensorProto.INT64, ['batch', 'sequence'])]
    outputs = [helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['batch', 'sequence', tokens])]

    def constant(name, value):
        weights.append(numpy_helper.from_array(numpy.asarray(value), name))
        return name

    def weight(name, *shape):
        return constant(name, (random.standard_normal(shape) / shape[0] ** 0.5).astype(numpy.float32))

    def node(operator, name, *operands, **attributes):
        nodes.append(helper.make_node(operator, list(operands), [name], name=name, **attributes))
        return name

    split, joined = constant('split', numpy.int64([0, 0, heads, size])), constant('joined', numpy.int64([0, 0, width]))
    scale, one, minus = (constant(name, numpy.float32(value)) for name, value in (('scale', size**-0.5), ('one', 1), ('minus', -1e9)))
    axes = constant('axes', numpy.int64([1, 2]))
    ones, zeros = constant('ones', numpy.ones(width, numpy.float32)), constant('zeros', numpy.zeros(width, numpy.float32))
    last = node('Add', 'embed/sum', node('Gather', 'embed/token', weight('tokens', tokens, width), 'input_ids'),
                node('Gather', 'embed/position', weight('positions', positions, width), 'position_ids'))
    hidden = node('Mul', 'mask/bias', node('Sub', 'mask/off', one, node('Cast', 'mask/float', node(
        'Unsqueeze', 'mask/wide', 'attention_mask', axes), to=TensorProto.FLOAT)), minus)
    for i in range(layers):
        at = f'layer{i}/'
        normal = node('LayerNormalization', at + 'norm', last, ones, zeros)

        def heads_of(what, at=at, normal=normal):
            product = node('MatMul', at + what, normal, weight(at + what + '_w', width, width))
            return node('Transpose', at + what + '_heads', node('Reshape', at + what + '_split', product, split), perm=[0, 2, 1, 3])

        query = heads_of('query')
        caches = []
        for what in ('key', 'value'):
            past, present = f'past_key_values.{i}.{what}', f'present.{i}.{what}'
            nodes.append(helper.make_node('Concat', [past, heads_of(what)], [present], name=at + what + '_cache', axis=2))
            inputs.append(helper.make_tensor_value_info(past, TensorProto.FLOAT, ['batch', heads, 'past', size]))
            outputs.append(helper.make_tensor_value_info(present, TensorProto.FLOAT, ['batch', heads, 'total', size]))
            caches.append(present)
        turned = node('Transpose', at + 'turned', caches[0], perm=[0, 1, 3, 2])
        scores = node('Add', at + 'masked', node('Mul', at + 'scaled', node('MatMul', at + 'scores', query, turned), scale), hidden)
        seen = node('MatMul', at + 'seen', node('Softmax', at + 'softmax', scores, axis=-1), caches[1])
        flat = node('Reshape', at + 'joined', node('Transpose', at + 'rows', seen, perm=[0, 2, 1, 3]), joined)
        last = node('Add', at + 'attended', last, node('MatMul', at + 'out', flat, weight(at + 'out_w', width, width)))
        inner = node('Relu', at + 'relu', node('MatMul', at + 'up', last, weight(at + 'up_w', width, 2 * width)))
        last = node('Add', at + 'sum', last, node('MatMul', at + 'down', inner, weight(at + 'down_w', 2 * width, width)))
    nodes.append(helper.make_node('MatMul', [last, weight('head_w', width, tokens)], ['logits'], name='head'))
    graph = helper.make_graph(nodes, 'decoder', inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def cell(width=16) -> onnx.ModelProto:
    """A recurrent cell: stateN = Tanh(x + state w), y = Relu(stateN)."""
    random = numpy.random.default_rng(6)
    nodes = [helper.make_node('MatMul', ['state', 'w'], ['turned'], name='turn'),
             helper.make_node('Add', ['x', 'turned'], ['sum'], name='join'), helper.make_node('Tanh', ['sum'], ['stateN'], name='tanh'),
             helper.make_node('Relu', ['stateN'], ['y'], name='relu')]
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, width]) for name in ('x', 'state', 'y', 'stateN')]
    weights = [numpy_helper.from_array(random.standard_normal((width, width)).astype(numpy.float32), 'w')]
    graph = helper.make_graph(nodes, 'cell', value[:2], value[2:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
