"""Lowering of linear algebra, convolutions, pooling, normalizations and recurrent layers."""
from typing import Any, List, Sequence, Tuple

from .errors import NoEquivalent
from .host_array import count_of
from .operator_table import Call, Operands, operator


@operator('MatMul')
def _matmul(n: Operands) -> Call:
    a, b = n.tensor(0), n.tensor(1)
    return lambda: n.backend.matmul(a, b)


@operator('Gemm', 'com.microsoft:FusedGemm')
def _gemm(n: Operands) -> Call:
    a, b, c = n.tensor(0), n.tensor(1), n.optional(2)
    alpha, beta = n.attribute('alpha', 1.0), n.attribute('beta', 1.0)
    flip_a, flip_b = bool(n.attribute('transA', 0)), bool(n.attribute('transB', 0))
    activation = n.attribute('activation', '').lower()
    if activation not in ('', 'relu', 'sigmoid', 'tanh'):
        raise NoEquivalent(f'a product fused with {activation}')

    def call():
        y = n.backend.gemm(a, b, c, alpha, beta, flip_a, flip_b)
        return n.backend.unary(activation, y) if activation else y
    return call


@operator('com.microsoft:FusedMatMul')
def _fused_matmul(n: Operands) -> Call:
    a, b, be = n.tensor(0), n.tensor(1), n.backend
    if n.attribute('transBatchA', 0) or n.attribute('transBatchB', 0):
        raise NoEquivalent('a transposed batch')
    alpha = be.full((), n.attribute('alpha', 1.0), n.element_type())

    def flipped(x: Any, rank: int) -> Any:
        return be.transpose(x, list(range(rank - 2)) + [rank - 1, rank - 2])

    def call():
        left = flipped(a, len(n.dims(0))) if n.attribute('transA', 0) else a
        right = flipped(b, len(n.dims(1))) if n.attribute('transB', 0) else b
        return be.binary('mul', be.matmul(left, right), alpha)
    return call


@operator('Einsum')
def _einsum(n: Operands) -> Call:
    operands, equation = n.tensors(), n.attribute('equation', '').replace(' ', '')
    return lambda: n.backend.einsum(equation, operands)


Window = Tuple[List[int], List[int], List[int], List[int]]


def windows(n: Operands, kernel: Sequence[int], sizes: Sequence[int]) -> Window:
    """Strides, pads before, pads after and dilations of a window over spatial axes, with auto_pad worked out."""
    rank = len(kernel)
    strides = list(n.attribute('strides') or [1] * rank)
    dilations = list(n.attribute('dilations') or [1] * rank)
    automatic = n.attribute('auto_pad', 'NOTSET')
    if automatic in ('SAME_UPPER', 'SAME_LOWER'):
        begins, ends = [], []
        for size, k, stride, dilation in zip(sizes, kernel, strides, dilations):
            total = max(0, (-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size)
            less, more = total // 2, total - total // 2
            begins.append(less if automatic == 'SAME_UPPER' else more)
            ends.append(more if automatic == 'SAME_UPPER' else less)
        return strides, begins, ends, dilations
    pads = list(n.attribute('pads') or [0] * (2 * rank)) if automatic == 'NOTSET' else [0] * (2 * rank)
    if len(strides) != rank or len(dilations) != rank or len(pads) != 2 * rank:
        raise NoEquivalent('strides, dilations or pads do not fit the kernel')
    return strides, pads[:rank], pads[rank:], dilations


@operator('Conv', 'com.microsoft:FusedConv')
def _conv(n: Operands) -> Call:
    x, w, bias, b = n.tensor(0), n.tensor(1), n.optional(2), n.backend
    strides, begins, ends, dilations = windows(n, n.dims(1)[2:], n.dims()[2:])
    groups, activation = n.attribute('group', 1), n.attribute('activation')
    if activation is None:
        return lambda: b.conv(x, w, bias, strides, begins, ends, dilations, groups)
    if activation not in ('Relu', 'Sigmoid', 'Tanh'):
        raise NoEquivalent(f'a convolution fused with {activation}')
    other = n.optional(3)

    def call():
        y = b.conv(x, w, bias, strides, begins, ends, dilations, groups)
        return b.unary(activation.lower(), b.binary('add', y, other) if other is not None else y)
    return call


@operator('ConvTranspose')
def _conv_transpose(n: Operands) -> Call:
    x, w, bias = n.tensor(0), n.tensor(1), n.optional(2)
    kernel, sizes = n.dims(1)[2:], n.dims()[2:]
    rank, automatic = len(kernel), n.attribute('auto_pad', 'NOTSET')
    strides = list(n.attribute('strides') or [1] * rank)
    dilations = list(n.attribute('dilations') or [1] * rank)
    extra = list(n.attribute('output_padding') or [0] * rank)
    pads = list(n.attribute('pads') or [0] * (2 * rank)) if automatic == 'NOTSET' else [0] * (2 * rank)
    begins, ends = pads[:rank], pads[rank:]
    wanted = n.attribute('output_shape')
    if automatic.startswith('SAME') and wanted is None:
        wanted = [size * stride for size, stride in zip(sizes, strides)]
    if wanted is not None:
        for i, size in enumerate(wanted[-rank:]):
            total = (sizes[i] - 1) * strides[i] + extra[i] + (kernel[i] - 1) * dilations[i] + 1 - size
            extra[i] += max(0, -total)
            total = max(0, total)
            begins[i] = total // 2 if automatic == 'SAME_UPPER' else total - total // 2
            ends[i] = total - begins[i]
    groups = n.attribute('group', 1)
    return lambda: n.backend.conv_transpose(x, w, bias, strides, begins, ends, extra, dilations, groups)


@operator('MaxPool', 'AveragePool')
def _pool(n: Operands) -> Call:
    x, kernel = n.tensor(0), n.attribute('kernel_shape')
    if len(n.node.outputs) > 1 and n.node.outputs[1]:
        raise NoEquivalent('indices of a maximum pool')
    strides, begins, ends, dilations = windows(n, kernel, n.dims()[2:])
    ceil, count = bool(n.attribute('ceil_mode', 0)), bool(n.attribute('count_include_pad', 0))
    kind = 'max' if n.node.op_type == 'MaxPool' else 'average'
    return lambda: n.backend.pool(kind, x, kernel, strides, begins, ends, dilations, ceil, count)


@operator('GlobalAveragePool', 'GlobalMaxPool')
def _global_pool(n: Operands) -> Call:
    x, axes = n.tensor(0), list(range(2, len(n.dims())))
    name = 'mean' if n.node.op_type == 'GlobalAveragePool' else 'max'
    return lambda: n.backend.reduce(name, x, axes, True)


@operator('Softmax', 'LogSoftmax')
def _softmax(n: Operands) -> Call:
    x, dims, b, log = n.tensor(0), n.dims(), n.backend, n.node.op_type == 'LogSoftmax'
    axis = n.axis(-1 if n.opset >= 13 else 1, len(dims))
    if n.opset >= 13 or axis == len(dims) - 1:
        return lambda: b.softmax(x, axis, log)
    # Before version 13 all axes from `axis` on were one.
    flat = (count_of(dims[:axis]), count_of(dims[axis:]))
    return lambda: b.reshape(b.softmax(b.reshape(x, flat), 1, log), dims)


@operator('BatchNormalization')
def _batch_norm(n: Operands) -> Call:
    x, scale, bias, mean, variance = n.tensors()[:5]
    epsilon = n.attribute('epsilon', 1e-5)
    if n.attribute('training_mode', 0):
        raise NoEquivalent('normalization in training')
    return lambda: n.backend.batch_norm(x, scale, bias, mean, variance, epsilon)


@operator('LayerNormalization')
def _layer_norm(n: Operands) -> Call:
    x, scale, bias = n.tensor(0), n.tensor(1), n.optional(2)
    axis, epsilon = n.axis(-1, len(n.dims())), n.attribute('epsilon', 1e-5)
    return lambda: (n.backend.layer_norm(x, scale, bias, axis, epsilon), None, None)[:len(n.node.outputs)]


@operator('com.microsoft:SkipLayerNormalization')
def _skip_layer_norm(n: Operands) -> Call:
    x, skip, scale, shift, bias, b = n.tensor(0), n.tensor(1), n.tensor(2), n.optional(3), n.optional(4), n.backend
    axis, epsilon = len(n.dims()) - 1, n.attribute('epsilon', 1e-12)

    def call():
        total = b.binary('add', x, skip)
        total = b.binary('add', total, bias) if bias is not None else total
        return (b.layer_norm(total, scale, shift, axis, epsilon), None, None, total)[:len(n.node.outputs)]
    return call


@operator('RMSNormalization', 'SimplifiedLayerNormalization')
def _rms_norm(n: Operands) -> Call:
    x, scale, b, rank = n.tensor(0), n.tensor(1), n.backend, len(n.dims())
    axes = list(range(n.axis(-1, rank), rank))
    epsilon = b.full((), n.attribute('epsilon', 1e-5), n.element_type())

    def call():
        mean = b.reduce('mean', b.binary('mul', x, x), axes, True)
        return b.binary('mul', b.binary('div', x, b.unary('sqrt', b.binary('add', mean, epsilon))), scale)
    return call


@operator('InstanceNormalization')
def _instance_norm(n: Operands) -> Call:
    x, scale, bias = n.tensors()
    channels, epsilon = n.dims()[1], n.attribute('epsilon', 1e-5)
    return lambda: n.backend.group_norm(x, channels, scale, bias, epsilon)


@operator('GroupNormalization')
def _group_norm(n: Operands) -> Call:
    x, scale, bias, b = n.tensor(0), n.tensor(1), n.tensor(2), n.backend
    groups, epsilon, channels = n.attribute('num_groups'), n.attribute('epsilon', 1e-5), n.dims()[1]
    if n.opset < 21 and groups != channels:
        # Before version 21 there was a scale for each group.
        def widened(value: Any) -> Any:
            return b.reshape(b.expand(b.reshape(value, (groups, 1)), (groups, channels // groups)), (channels,))
        scale, bias = widened(scale), widened(bias)
    return lambda: b.group_norm(x, groups, scale, bias, epsilon)


@operator('LRN')
def _lrn(n: Operands) -> Call:
    x, size = n.tensor(0), n.attribute('size')
    alpha, beta, bias = n.attribute('alpha', 1e-4), n.attribute('beta', 0.75), n.attribute('bias', 1.0)
    return lambda: n.backend.local_response_norm(x, size, alpha, beta, bias)


@operator('LpNormalization')
def _lp_norm(n: Operands) -> Call:
    x, b, axis = n.tensor(0), n.backend, n.axis(-1, len(n.dims()))
    name = 'l1' if n.attribute('p', 2) == 1 else 'l2'
    return lambda: b.binary('div', x, b.reduce(name, x, [axis], True))


@operator('LSTM', 'GRU', 'RNN')
def _recurrent(n: Operands) -> Call:
    kind, b = n.node.op_type, n.backend
    directions = n.attribute('direction', 'forward')
    usual = {'LSTM': ['sigmoid', 'tanh', 'tanh'], 'GRU': ['sigmoid', 'tanh'], 'RNN': ['tanh']}[kind]
    activations = [name.decode().lower() for name in n.attribute('activations') or []]
    if n.attribute('layout', 0) or n.attribute('clip') is not None or n.attribute('input_forget', 0) or \
            directions not in ('forward', 'bidirectional') or \
            activations not in ([], usual, usual * 2):
        raise NoEquivalent('an unusual recurrent layer')
    if kind == 'GRU' and not n.attribute('linear_before_reset', 0):
        raise NoEquivalent('a GRU that resets before the linear layer')
    if kind == 'LSTM' and n.has(7):
        raise NoEquivalent('an LSTM with peepholes')
    x, w, r, bias = n.tensor(0), n.tensor(1), n.tensor(2), n.optional(3)
    states = [n.optional(5), n.optional(6)] if kind == 'LSTM' else [n.optional(5)]
    count = 2 if directions == 'bidirectional' else 1
    return lambda: b.rnn(kind, x, w, r, bias, states, count)


@operator('Attention')
def _attention(n: Operands) -> Call:
    """Of version 23, without caches: scores, their mask, softmax and the weighted sum."""
    if any(n.has(i) for i in range(4, n.count)) or len([name for name in n.node.outputs if name]) > 1:
        raise NoEquivalent('attention with a cache')
    if n.attribute('softcap', 0.0) or n.attribute('is_causal', 0):
        raise NoEquivalent('causal or capped attention')
    q, k, v, mask, b = n.tensor(0), n.tensor(1), n.tensor(2), n.optional(3), n.backend
    is_boolean = mask is not None and n.element_type(3) != n.element_type()
    if len(n.dims()) != 4 or n.dims()[1] != n.dims(1)[1] or is_boolean:
        raise NoEquivalent('attention with packed or shared heads')
    scale = b.full((), n.attribute('scale') or n.dims()[3] ** -0.5, n.element_type())

    def call():
        scores = b.matmul(b.binary('mul', q, scale), b.transpose(k, (0, 1, 3, 2)))
        scores = b.binary('add', scores, mask) if mask is not None else scores
        return b.matmul(b.softmax(scores, 3, False), v)
    return call
