"""Lowering of elementwise operators and reductions."""
from typing import Callable

from . import element_types as types
from .errors import NoEquivalent
from .host_array import HostArray
from .operator_table import Call, Operands, inside, operator

_UNARY = {
    'Abs': 'abs', 'Acos': 'acos', 'Acosh': 'acosh', 'Asin': 'asin', 'Asinh': 'asinh', 'Atan': 'atan', 'Atanh': 'atanh',
    'BitwiseNot': 'bitwise_not', 'Ceil': 'ceil', 'Cos': 'cos', 'Cosh': 'cosh', 'Erf': 'erf', 'Exp': 'exp',
    'Floor': 'floor', 'HardSwish': 'hardswish', 'IsInf': 'isinf', 'IsNaN': 'isnan', 'Log': 'log', 'Mish': 'mish',
    'Neg': 'neg', 'Not': 'not', 'Reciprocal': 'reciprocal', 'Relu': 'relu', 'Round': 'round', 'Sigmoid': 'sigmoid',
    'Sign': 'sign', 'Sin': 'sin', 'Sinh': 'sinh', 'Softplus': 'softplus', 'Softsign': 'softsign', 'Sqrt': 'sqrt',
    'Tan': 'tan', 'Tanh': 'tanh',
}
_BINARY = {
    'Add': 'add', 'And': 'and', 'BitwiseAnd': 'bitwise_and', 'BitwiseOr': 'bitwise_or', 'BitwiseXor': 'bitwise_xor',
    'Div': 'div', 'Equal': 'equal', 'Greater': 'greater', 'GreaterOrEqual': 'greater_equal', 'Less': 'less',
    'LessOrEqual': 'less_equal', 'Mul': 'mul', 'Or': 'or', 'Pow': 'pow', 'Sub': 'sub', 'Xor': 'xor',
}
_VARIADIC = {'Max': 'max', 'Min': 'min', 'Sum': 'add', 'Mean': 'add'}
_REDUCTIONS = {
    'ReduceL1': 'l1', 'ReduceL2': 'l2', 'ReduceLogSumExp': 'logsumexp', 'ReduceMax': 'max', 'ReduceMean': 'mean',
    'ReduceMin': 'min', 'ReduceProd': 'prod', 'ReduceSum': 'sum', 'ReduceSumSquare': 'sum_square',
    'ReduceLogSum': 'sum',
}
# name -> (primitive, attribute alpha's default, attribute beta's default)
_ACTIVATIONS = {
    'Elu': ('elu', 1.0, 0.0), 'Celu': ('celu', 1.0, 0.0), 'LeakyRelu': ('leaky_relu', 0.01, 0.0),
    'HardSigmoid': ('hardsigmoid', 0.2, 0.5), 'ThresholdedRelu': ('thresholded_relu', 1.0, 0.0),
}


def _unary(name: str) -> Callable[[Operands], Call]:
    def lower(n: Operands) -> Call:
        x = n.tensor(0)
        return lambda: n.backend.unary(name, x)
    return lower


def _binary(name: str) -> Callable[[Operands], Call]:
    def lower(n: Operands) -> Call:
        a, b = n.tensor(0), n.tensor(1)
        if n.opset < 7 and n.attribute('broadcast', 0) and n.attribute('axis') is not None:
            # Before version 7, the second operand's first axis lay at `axis` of the first operand.
            after = len(n.dims(0)) - n.axis(0, len(n.dims(0))) - len(n.dims(1))
            b = n.backend.reshape(b, n.dims(1) + (1,) * after)
        return lambda: n.backend.binary(name, a, b)
    return lower


def _variadic(op_type: str, name: str) -> Callable[[Operands], Call]:
    def lower(n: Operands) -> Call:
        operands = n.tensors()
        kind = n.element_type()

        def call():
            result = operands[0]
            for other in operands[1:]:
                result = n.backend.binary(name, result, other)
            return n.backend.binary('div', result, count) if count is not None else result
        count = n.backend.full((), len(operands), kind) if op_type == 'Mean' else None
        return call
    return lower


def _reduction(op_type: str, name: str) -> Callable[[Operands], Call]:
    def lower(n: Operands) -> Call:
        x, rank, axes = n.tensor(0), len(n.dims()), n.axes(1)
        keep = bool(n.attribute('keepdims', 1))
        if not axes and n.attribute('noop_with_empty_axes', 0):
            return lambda: x
        chosen = sorted({inside(axis, rank) for axis in axes}) if axes else list(range(rank))
        if op_type == 'ReduceLogSum':
            return lambda: n.backend.unary('log', n.backend.reduce(name, x, chosen, keep))
        return lambda: n.backend.reduce(name, x, chosen, keep)
    return lower


def _activation(name: str, alpha: float, beta: float) -> Callable[[Operands], Call]:
    def lower(n: Operands) -> Call:
        x, a, b = n.tensor(0), n.attribute('alpha', alpha), n.attribute('beta', beta)
        return lambda: n.backend.activation(name, x, a, b)
    return lower


for _op, _name in _UNARY.items():
    operator(_op)(_unary(_name))
for _op, _name in _BINARY.items():
    operator(_op)(_binary(_name))
for _op, _name in _VARIADIC.items():
    operator(_op)(_variadic(_op, _name))
for _op, _name in _REDUCTIONS.items():
    operator(_op)(_reduction(_op, _name))
for _op, (_name, _alpha, _beta) in _ACTIVATIONS.items():
    operator(_op)(_activation(_name, _alpha, _beta))


@operator('Selu')
def _selu(n: Operands) -> Call:
    x = n.tensor(0)
    return lambda: n.backend.activation('selu', x, 0.0, 0.0)


@operator('Gelu', 'com.microsoft:Gelu', 'com.microsoft:FastGelu', 'com.microsoft:BiasGelu')
def _gelu(n: Operands) -> Call:
    x, bias = n.tensor(0), n.optional(1)
    tanh = n.attribute('approximate', 'none') == 'tanh' or n.node.op_type == 'FastGelu'
    name = 'gelu_tanh' if tanh else 'gelu'
    if bias is not None:
        return lambda: n.backend.activation(name, n.backend.binary('add', x, bias), 0.0, 0.0)
    return lambda: n.backend.activation(name, x, 0.0, 0.0)


@operator('com.microsoft:QuickGelu', 'Swish')
def _swish(n: Operands) -> Call:
    x, b = n.tensor(0), n.backend
    alpha = b.full((), n.attribute('alpha', 1.702 if n.node.op_type == 'QuickGelu' else 1.0), n.element_type())
    return lambda: b.binary('mul', x, b.unary('sigmoid', b.binary('mul', x, alpha)))


@operator('PRelu')
def _prelu(n: Operands) -> Call:
    x, slope, b = n.tensor(0), n.tensor(1), n.backend
    zero = b.full((), 0, n.element_type())
    return lambda: b.where(b.binary('less', x, zero), b.binary('mul', x, slope), x)


@operator('Mod')
def _mod(n: Operands) -> Call:
    a, b, name = n.tensor(0), n.tensor(1), 'fmod' if n.attribute('fmod', 0) else 'mod'
    return lambda: n.backend.binary(name, a, b)


@operator('BitShift')
def _bit_shift(n: Operands) -> Call:
    a, b, name = n.tensor(0), n.tensor(1), 'shift_left' if n.attribute('direction') == 'LEFT' else 'shift_right'
    return lambda: n.backend.binary(name, a, b)


@operator('Clip')
def _clip(n: Operands) -> Call:
    x = n.tensor(0)
    # Before version 11 the bounds were attributes.
    low = n.attribute('min') if n.opset < 11 else n.scalar(1, None)
    high = n.attribute('max') if n.opset < 11 else n.scalar(2, None)
    return lambda: n.backend.clip(x, low, high)


@operator('Where')
def _where(n: Operands) -> Call:
    condition, a, b = n.tensors()
    return lambda: n.backend.where(condition, a, b)


@operator('Cast')
def _cast(n: Operands) -> Call:
    x, kind = n.tensor(0), n.attribute('to')
    if not isinstance(kind, int):
        raise NoEquivalent('the type to cast to is not known')
    return lambda: n.backend.cast(x, kind)


@operator('CastLike')
def _cast_like(n: Operands) -> Call:
    x, kind = n.tensor(0), n.element_type(1)
    return lambda: n.backend.cast(x, kind)


@operator('ArgMax', 'ArgMin')
def _arg_reduce(n: Operands) -> Call:
    x, name = n.tensor(0), 'max' if n.node.op_type == 'ArgMax' else 'min'
    axis, keep = n.axis(0, len(n.dims())), bool(n.attribute('keepdims', 1))
    if n.attribute('select_last_index', 0):
        raise NoEquivalent('select_last_index')
    return lambda: n.backend.arg_reduce(name, x, axis, keep)


@operator('CumSum')
def _cumsum(n: Operands) -> Call:
    x, b, dims = n.tensor(0), n.backend, n.dims()
    axis = inside(n.scalar(1, 0), len(dims))
    exclusive, backwards = n.attribute('exclusive', 0), n.attribute('reverse', 0)
    starts, steps = [0] * len(dims), [1] * len(dims)
    turned, back = list(starts), list(steps)
    turned[axis], back[axis] = dims[axis] - 1, -1

    def call():
        y = b.slice(x, turned, dims, back) if backwards else x
        total = b.cumsum(y, axis)
        total = b.binary('sub', total, y) if exclusive else total
        return b.slice(total, turned, dims, back) if backwards else total
    return call


@operator('TopK')
def _topk(n: Operands) -> Call:
    x = n.tensor(0)
    k = n.attribute('k') if n.opset < 10 else n.scalar(1, None)
    if k is None:
        raise NoEquivalent('k is absent')
    axis, largest = n.axis(-1, len(n.dims())), bool(n.attribute('largest', 1))
    return lambda: n.backend.topk(x, k, axis, largest)


def _per_axis(n: Operands, index: int, rank: int, axis: int):
    """A scale or zero point of one element per channel, as it broadcasts against the tensor."""
    dims = n.dims(index)
    if len(dims) == 1 and dims[0] != 1 and rank > 1:
        return n.backend.reshape(n.tensor(index), (dims[0],) + (1,) * (rank - axis - 1))
    if len(dims) > 1:
        raise NoEquivalent('quantization by blocks')
    return n.tensor(index)


@operator('QuantizeLinear', 'com.microsoft:QuantizeLinear')
def _quantize(n: Operands) -> Call:
    b, rank, x = n.backend, len(n.dims()), n.tensor(0)
    axis = n.axis(1, rank) if rank > 1 else 0
    kind = n.element_type(2) if n.has(2) else n.attribute('output_dtype', 0) or types.UINT8
    if kind not in (types.INT8, types.UINT8):
        raise NoEquivalent(f'quantization to {types.name_of(kind)}')
    low, high = (-128, 127) if kind == types.INT8 else (0, 255)
    scale = _per_axis(n, 1, rank, axis)
    zero = b.cast(_per_axis(n, 2, rank, axis), n.element_type()) if n.has(2) else None

    def call():
        steps = b.unary('round', b.binary('div', x, scale))
        return b.cast(b.clip(b.binary('add', steps, zero) if zero is not None else steps, low, high), kind)
    return call


@operator('DequantizeLinear', 'com.microsoft:DequantizeLinear')
def _dequantize(n: Operands) -> Call:
    b, rank, x = n.backend, len(n.dims()), n.tensor(0)
    axis = n.axis(1, rank) if rank > 1 else 0
    kind, scale = n.element_type(1), _per_axis(n, 1, rank, axis)
    zero = b.cast(_per_axis(n, 2, rank, axis), kind) if n.has(2) else None

    def call():
        wide = b.cast(x, kind)
        return b.binary('mul', b.binary('sub', wide, zero) if zero is not None else wide, scale)
    return call


@operator('Shape', known=True)
def _shape(n: Operands) -> Call:
    dims = n.dims()
    rank = len(dims)
    start, end = n.attribute('start', 0), n.attribute('end', rank)
    first = min(max(start + rank if start < 0 else start, 0), rank)
    last = min(max(end + rank if end < 0 else end, 0), rank)
    part = dims[first:max(first, last)]
    return lambda: HostArray((len(part),), types.INT64, list(part))


@operator('Size', known=True)
def _size(n: Operands) -> Call:
    count = 1
    for dim in n.dims():
        count *= dim
    return lambda: HostArray((), types.INT64, [count])
