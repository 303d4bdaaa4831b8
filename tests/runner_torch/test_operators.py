"""Attributes, their defaults and their changes with versions, proved by values."""
import math
import unittest

from onnx_writer import BOOL, FLOAT, INT64, graph, model, node, tensor, value
from plain_backend import run


def evaluate(op, operands, opset=17, outputs=1, domain='', constant=(), **attributes):
    """The results of one node as [(dims, data)]. Operands are (dims, data), or None for an absent one; those of which the
    number is in `constant` are initializers, the others inputs."""
    inputs, constants, rules, names = [], [], {}, []
    for i, operand in enumerate(operands):
        names.append(f'x{i}' if operand is not None else '')
        if operand is None:
            continue
        dims, data = operand
        kind = BOOL if isinstance(data[0], bool) else FLOAT if isinstance(data[0], float) else INT64
        if i in constant:
            constants.append(tensor(f'x{i}', dims, kind, data))
        else:
            inputs.append(value(f'x{i}', kind, dims))
            rules[f'x{i}'] = {'values': data}
    results = [f'y{i}' for i in range(outputs)]
    main = graph([node(op, names, results, domain=domain, **attributes)], inputs, [value(name) for name in results], constants)
    computed, times = run(model(main, opset, domains={domain: 1} if domain else None), rules=rules)
    if computed['y0'] is None:
        raise AssertionError(times[0].why)
    return [(list(computed[name].dims), computed[name].data) for name in results]


def ints(*data):
    return [len(data)], list(data)


class Movement(unittest.TestCase):
    X = ([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    def test_slice_backwards_to_the_very_front(self):
        result = evaluate('Slice', [self.X, ints(-1), ints(-(1 << 63)), ints(1), ints(-1)])
        self.assertEqual(result, [([2, 3], [3.0, 2.0, 1.0, 6.0, 5.0, 4.0])])

    def test_slice_with_steps_and_clamped_ends(self):
        x = ([5], [0.0, 1.0, 2.0, 3.0, 4.0])
        self.assertEqual(evaluate('Slice', [x, ints(4), ints(0), ints(0), ints(-2)]), [([2], [4.0, 2.0])])
        self.assertEqual(evaluate('Slice', [x, ints(1), ints((1 << 63) - 1), ints(-1), ints(2)]), [([2], [1.0, 3.0])])
        self.assertEqual(evaluate('Slice', [x, ints(3), ints(1)]), [([0], [])])

    def test_slice_of_version_9_has_attributes(self):
        self.assertEqual(evaluate('Slice', [self.X], opset=9, starts=[0, 1], ends=[1, -1]), [([1, 1], [2.0])])

    def test_split(self):
        x = ([5], [0.0, 1.0, 2.0, 3.0, 4.0])
        equal = [([2], [0.0, 1.0]), ([2], [2.0, 3.0]), ([1], [4.0])]
        self.assertEqual(evaluate('Split', [x], opset=18, outputs=3, num_outputs=3), equal)
        self.assertEqual(evaluate('Split', [x, ints(4, 1)], outputs=2), [([4], [0.0, 1.0, 2.0, 3.0]), ([1], [4.0])])
        self.assertEqual(evaluate('Split', [self.X], opset=11, outputs=2, axis=-1, split=[1, 2]),
                         [([2, 1], [1.0, 4.0]), ([2, 2], [2.0, 3.0, 5.0, 6.0])])

    def test_reshape(self):
        self.assertEqual(evaluate('Reshape', [self.X, ints(0, -1, 1)])[0][0], [2, 3, 1])
        self.assertEqual(evaluate('Reshape', [self.X], opset=1, shape=[-1])[0][0], [6])
        self.assertEqual(evaluate('Flatten', [self.X], axis=-1)[0][0], [2, 3])
        self.assertEqual(evaluate('Flatten', [self.X], axis=0)[0][0], [1, 6])
        with self.assertRaisesRegex(AssertionError, r'\[2, 3\] cannot become \[4, 1\]'):
            evaluate('Reshape', [self.X, ints(4, -1)])

    def test_squeeze_and_unsqueeze_by_attribute_and_operand(self):
        x = ([1, 2, 1], [1.0, 2.0])
        self.assertEqual(evaluate('Squeeze', [x], opset=11, axes=[-1])[0][0], [1, 2])
        self.assertEqual(evaluate('Squeeze', [x, ints(0)])[0][0], [2, 1])
        self.assertEqual(evaluate('Squeeze', [x])[0][0], [2])
        self.assertEqual(evaluate('Unsqueeze', [self.X], opset=11, axes=[0, 3])[0][0], [1, 2, 3, 1])
        self.assertEqual(evaluate('Unsqueeze', [self.X, ints(-1, 1)])[0][0], [2, 1, 3, 1])

    def test_gather(self):
        self.assertEqual(evaluate('Gather', [self.X, ints(-1, 0)]), [([2, 3], [4.0, 5.0, 6.0, 1.0, 2.0, 3.0])])
        self.assertEqual(evaluate('Gather', [self.X, ([], [-2])], axis=-1), [([2], [2.0, 5.0])])
        self.assertEqual(evaluate('GatherElements', [self.X, ([2, 1], [-1, 0])], axis=1), [([2, 1], [3.0, 4.0])])
        self.assertEqual(evaluate('GatherND', [self.X, ([2, 1], [1, 0])]), [([2, 3], [4.0, 5.0, 6.0, 1.0, 2.0, 3.0])])
        self.assertEqual(evaluate('GatherND', [self.X, ([2, 1], [1, -1])], batch_dims=1), [([2], [2.0, 6.0])])

    def test_indices_out_of_bounds_never_reach_a_device(self):
        for op in ('Gather', 'GatherElements'):
            with self.assertRaisesRegex(AssertionError, 'indices go from 0 to 2, and there are 2 rows'):
                evaluate(op, [self.X, ([1, 2], [0, 2])])

    def test_scatter(self):
        updates = ([2, 1], [10.0, 20.0])
        self.assertEqual(evaluate('ScatterElements', [self.X, ([2, 1], [2, -3]), updates], axis=1),
                         [([2, 3], [1.0, 2.0, 10.0, 20.0, 5.0, 6.0])])
        self.assertEqual(evaluate('ScatterND', [self.X, ([1, 1], [1]), ([1, 3], [1.0, 1.0, 1.0])], opset=18, reduction='add'),
                         [([2, 3], [1.0, 2.0, 3.0, 5.0, 6.0, 7.0])])

    def test_transpose_expand_tile_concat(self):
        self.assertEqual(evaluate('Transpose', [self.X]), [([3, 2], [1.0, 4.0, 2.0, 5.0, 3.0, 6.0])])
        x = ([2, 1, 2], [1.0, 2.0, 3.0, 4.0])
        self.assertEqual(evaluate('Transpose', [x], perm=[1, 2, 0]), [([1, 2, 2], [1.0, 3.0, 2.0, 4.0])])
        self.assertEqual(evaluate('Expand', [([2, 1], [1.0, 2.0]), ints(1, 2)]), [([2, 2], [1.0, 1.0, 2.0, 2.0])])
        self.assertEqual(evaluate('Tile', [([2], [1.0, 2.0]), ints(2)]), [([4], [1.0, 2.0, 1.0, 2.0])])
        self.assertEqual(evaluate('Concat', [self.X, ([2, 1], [7.0, 8.0])], axis=-1)[0],
                         ([2, 4], [1.0, 2.0, 3.0, 7.0, 4.0, 5.0, 6.0, 8.0]))

    def test_pad(self):
        x = ([3], [1.0, 2.0, 3.0])
        self.assertEqual(evaluate('Pad', [x, ints(1, 2), ([], [9.0])]), [([6], [9.0, 1.0, 2.0, 3.0, 9.0, 9.0])])
        self.assertEqual(evaluate('Pad', [x, ints(-1, 1)]), [([3], [2.0, 3.0, 0.0])])
        self.assertEqual(evaluate('Pad', [x], opset=2, pads=[2, 1], mode='reflect'),
                         [([6], [3.0, 2.0, 1.0, 2.0, 3.0, 2.0])])
        self.assertEqual(evaluate('Pad', [x, ints(1, 1)], mode='edge'), [([5], [1.0, 1.0, 2.0, 3.0, 3.0])])
        self.assertEqual(evaluate('Pad', [self.X, ints(0, 1), None, ints(-1)], opset=18)[0][0], [2, 4])

    def test_depth_to_space(self):
        x = ([1, 8, 1, 1], [float(i) for i in range(8)])
        self.assertEqual(evaluate('DepthToSpace', [x], blocksize=2),
                         [([1, 2, 2, 2], [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0])])
        self.assertEqual(evaluate('DepthToSpace', [x], blocksize=2, mode='CRD')[0][1], [float(i) for i in range(8)])
        y = ([1, 1, 2, 2], [0.0, 1.0, 2.0, 3.0])
        self.assertEqual(evaluate('SpaceToDepth', [y], blocksize=2), [([1, 4, 1, 1], [0.0, 1.0, 2.0, 3.0])])

    def test_one_hot_range_triangle_nonzero(self):
        self.assertEqual(evaluate('OneHot', [ints(1, -1), ([], [3]), ([2], [0.0, 5.0])]),
                         [([2, 3], [0.0, 5.0, 0.0, 0.0, 0.0, 5.0])])
        self.assertEqual(evaluate('Range', [([], [5]), ([], [0]), ([], [-2])]), [([3], [5, 3, 1])])
        self.assertEqual(evaluate('Range', [([], [0.0]), ([], [1.0]), ([], [0.4])])[0][0], [3])
        self.assertEqual(evaluate('Trilu', [self.X, ([], [1])]), [([2, 3], [0.0, 2.0, 3.0, 0.0, 0.0, 6.0])])
        self.assertEqual(evaluate('Trilu', [self.X], upper=0), [([2, 3], [1.0, 0.0, 0.0, 4.0, 5.0, 0.0])])
        self.assertEqual(evaluate('NonZero', [([2, 2], [0.0, 1.0, 1.0, 0.0])]), [([2, 2], [0, 1, 1, 0])])


class Arithmetic(unittest.TestCase):
    X = ([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    def test_integer_division_and_remainders(self):
        self.assertEqual(evaluate('Div', [ints(-7, 7), ints(2, -2)])[0][1], [-3, -3])
        self.assertEqual(evaluate('Mod', [ints(-7, 7), ints(3, -3)])[0][1], [2, -2])
        self.assertEqual(evaluate('Mod', [ints(-7, 7), ints(3, -3)], fmod=1)[0][1], [-1, 1])

    def test_broadcast_of_version_6_counts_axes_from_the_front(self):
        self.assertEqual(evaluate('Add', [self.X, ([2], [10.0, 20.0])], opset=6, broadcast=1, axis=0)[0][1],
                         [11.0, 12.0, 13.0, 24.0, 25.0, 26.0])

    def test_reductions(self):
        self.assertEqual(evaluate('ReduceSum', [self.X, ints(-1)]), [([2, 1], [6.0, 15.0])])
        self.assertEqual(evaluate('ReduceMean', [self.X], axes=[0], keepdims=0), [([3], [2.5, 3.5, 4.5])])
        self.assertEqual(evaluate('ReduceMax', [self.X], keepdims=0), [([], [6.0])])
        self.assertEqual(evaluate('ReduceSum', [self.X], noop_with_empty_axes=1), [(self.X[0], self.X[1])])
        self.assertEqual(evaluate('ArgMax', [self.X], axis=-1, keepdims=0), [([2], [2, 2])])
        self.assertEqual(evaluate('ArgMin', [self.X]), [([1, 3], [0, 0, 0])])

    def test_clip_by_attribute_and_operand(self):
        self.assertEqual(evaluate('Clip', [self.X], opset=6, min=2.0, max=4.0)[0][1], [2.0, 2.0, 3.0, 4.0, 4.0, 4.0])
        self.assertEqual(evaluate('Clip', [self.X, None, ([], [3.0])])[0][1], [1.0, 2.0, 3.0, 3.0, 3.0, 3.0])

    def test_cumsum(self):
        x = ([4], [1.0, 2.0, 3.0, 4.0])
        self.assertEqual(evaluate('CumSum', [x, ([], [0])])[0][1], [1.0, 3.0, 6.0, 10.0])
        self.assertEqual(evaluate('CumSum', [x, ([], [-1])], exclusive=1)[0][1], [0.0, 1.0, 3.0, 6.0])
        self.assertEqual(evaluate('CumSum', [x, ([], [0])], exclusive=1, reverse=1)[0][1], [9.0, 7.0, 4.0, 0.0])

    def test_topk(self):
        x = ([2, 3], [3.0, 1.0, 2.0, 4.0, 6.0, 5.0])
        self.assertEqual(evaluate('TopK', [x, ints(2)], outputs=2), [([2, 2], [3.0, 2.0, 6.0, 5.0]),
                         ([2, 2], [0, 2, 1, 2])])
        self.assertEqual(evaluate('TopK', [x, ints(1)], outputs=2, axis=0, largest=0)[1], ([1, 3], [0, 0, 0]))

    def test_softmax_before_version_13_takes_all_axes_from_its_own_on(self):
        x = ([1, 2, 2], [0.0] * 4)
        self.assertEqual(evaluate('Softmax', [x], opset=11)[0][1], [0.25] * 4)
        self.assertEqual(evaluate('Softmax', [x], opset=13)[0][1], [0.5] * 4)
        self.assertEqual(evaluate('LogSoftmax', [x], opset=13)[0][1], [math.log(0.5)] * 4)

    def test_quantization(self):
        quantized = evaluate('QuantizeLinear', [([1, 2], [1.0, -300.0]), ([], [0.5])])
        self.assertEqual(quantized, [([1, 2], [2, 0])])
        wide = evaluate('DequantizeLinear', [([1, 2], [4, 6]), ([2], [0.5, 2.0]), ints(0, 1)])
        self.assertEqual(wide, [([1, 2], [2.0, 10.0])])

    def test_variadic_and_where(self):
        x = ([2], [1.0, 5.0])
        self.assertEqual(evaluate('Max', [x, ([1], [2.0]), ([], [3.0])])[0][1], [3.0, 5.0])
        self.assertEqual(evaluate('Mean', [x, ([2], [3.0, 7.0])])[0][1], [2.0, 6.0])
        self.assertEqual(evaluate('Where', [([2], [True, False]), x, ([], [0.0])])[0][1], [1.0, 0.0])
        self.assertEqual(evaluate('PRelu', [([2], [-2.0, 2.0]), ([1], [0.5])])[0][1], [-1.0, 2.0])

    def test_shape_with_bounds(self):
        x = ([2, 3, 1], [0.0] * 6)
        self.assertEqual(evaluate('Shape', [x])[0][1], [2, 3, 1])
        self.assertEqual(evaluate('Shape', [x], start=-2, end=-1)[0][1], [3])
        self.assertEqual(evaluate('Size', [x]), [([], [6])])


class Neural(unittest.TestCase):
    IMAGE = ([1, 1, 3, 3], [float(i) for i in range(1, 10)])
    ONES = ([1, 1, 2, 2], [1.0] * 4)

    def test_conv_defaults(self):
        self.assertEqual(evaluate('Conv', [self.IMAGE, self.ONES]), [([1, 1, 2, 2], [12.0, 16.0, 24.0, 28.0])])

    def test_conv_pads_strides_bias(self):
        result = evaluate('Conv', [self.IMAGE, self.ONES, ([1], [0.5])], pads=[1, 0, 0, 1], strides=[2, 1])
        self.assertEqual(result, [([1, 1, 2, 3], [3.5, 5.5, 3.5, 24.5, 28.5, 15.5])])

    def test_conv_automatic_pads(self):
        upper = evaluate('Conv', [self.IMAGE, self.ONES], auto_pad='SAME_UPPER')[0]
        self.assertEqual(upper, ([1, 1, 3, 3], [12.0, 16.0, 9.0, 24.0, 28.0, 15.0, 15.0, 17.0, 9.0]))
        lower = evaluate('Conv', [self.IMAGE, self.ONES], auto_pad='SAME_LOWER')[0]
        self.assertEqual(lower[1][0], 1.0)
        self.assertEqual(evaluate('Conv', [self.IMAGE, self.ONES], auto_pad='VALID', pads=[9, 9, 9, 9])[0][0], [1, 1, 2, 2])

    def test_conv_groups_and_dilations(self):
        x = ([1, 2, 3], [1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
        w = ([2, 1, 2], [1.0, 1.0, 1.0, -1.0])
        self.assertEqual(evaluate('Conv', [x, w], group=2), [([1, 2, 2], [3.0, 5.0, -10.0, -10.0])])
        self.assertEqual(evaluate('Conv', [x, w], group=2, dilations=[2]), [([1, 2, 1], [4.0, -20.0])])

    def test_fused_conv(self):
        w = ([1, 1, 2, 2], [-1.0] * 4)
        self.assertEqual(evaluate('FusedConv', [self.IMAGE, w], domain='com.microsoft', activation='Relu')[0][1],
                         [0.0] * 4)

    def test_conv_transpose(self):
        x, w = ([1, 1, 2], [1.0, 2.0]), ([1, 1, 3], [1.0, 10.0, 100.0])
        self.assertEqual(evaluate('ConvTranspose', [x, w]), [([1, 1, 4], [1.0, 12.0, 120.0, 200.0])])
        self.assertEqual(evaluate('ConvTranspose', [x, w], strides=[2], pads=[1, 0], output_padding=[1]),
                         [([1, 1, 5], [10.0, 102.0, 20.0, 200.0, 0.0])])
        self.assertEqual(evaluate('ConvTranspose', [x, w], strides=[2], output_shape=[4], auto_pad='SAME_UPPER')[0],
                         ([1, 1, 4], [1.0, 10.0, 102.0, 20.0]))
        self.assertEqual(evaluate('ConvTranspose', [x, w], strides=[2], output_shape=[4])[0],
                         ([1, 1, 4], [10.0, 102.0, 20.0, 200.0]))

    def test_pools(self):
        self.assertEqual(evaluate('MaxPool', [self.IMAGE], kernel_shape=[2, 2]), [([1, 1, 2, 2], [5.0, 6.0, 8.0, 9.0])])
        self.assertEqual(evaluate('MaxPool', [self.IMAGE], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)[0][1],
                         [5.0, 6.0, 8.0, 9.0])
        counted = evaluate('AveragePool', [self.IMAGE], kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0],
                           count_include_pad=1)[0][1]
        self.assertEqual(counted, [0.25, 1.25, 2.75, 7.0])
        self.assertEqual(evaluate('AveragePool', [self.IMAGE], kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0])[0][1],
                         [1.0, 2.5, 5.5, 7.0])
        self.assertEqual(evaluate('GlobalAveragePool', [self.IMAGE]), [([1, 1, 1, 1], [5.0])])

    def test_gemm(self):
        a, b = ([2, 1], [1.0, 2.0]), ([2, 2], [1.0, 2.0, 3.0, 4.0])
        self.assertEqual(evaluate('Gemm', [a, b], transA=1), [([1, 2], [7.0, 10.0])])
        self.assertEqual(evaluate('Gemm', [a, b, ([], [1.0])], transA=1, transB=1, alpha=2.0, beta=3.0),
                         [([1, 2], [13.0, 25.0])])

    def test_fused_gemm(self):
        a, b = ([1, 2], [1.0, 2.0]), ([2, 2], [1.0, -1.0, 1.0, -1.0])
        self.assertEqual(evaluate('FusedGemm', [a, b], domain='com.microsoft', activation='Relu')[0][1], [3.0, 0.0])

    def test_rms_norm(self):
        result = evaluate('RMSNormalization', [([1, 2], [3.0, 4.0]), ([2], [1.0, 2.0])], opset=23, epsilon=0.0)[0][1]
        self.assertAlmostEqual(result[0], 3 / math.sqrt(12.5))
        self.assertAlmostEqual(result[1], 8 / math.sqrt(12.5))


if __name__ == '__main__':
    unittest.main()
