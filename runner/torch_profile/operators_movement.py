"""Lowering of operators that move or reorder elements."""
from typing import List

from . import element_types as types
from .errors import NoEquivalent
from .host_array import broadcast_dims, count_of
from .operator_table import Call, Constant, Operands, inside, operator


def _view(n: Operands, dims: List[int]) -> Call:
    x = n.tensor(0)
    return lambda: n.backend.reshape(x, dims)


@operator('Reshape', free=True)
def _reshape(n: Operands) -> Call:
    dims = n.dims()
    wanted = list(n.attribute('shape')) if n.opset < 5 else list(n.elements(1))
    if not n.attribute('allowzero', 0):
        wanted = [dims[i] if size == 0 and i < len(dims) else size for i, size in enumerate(wanted)]
    if wanted.count(-1) == 1:
        others = -count_of(wanted)
        wanted[wanted.index(-1)] = count_of(dims) // others if others else 0
    if count_of(wanted) != count_of(dims) or any(size < 0 for size in wanted):
        raise NoEquivalent(f'{list(dims)} cannot become {wanted}')
    return _view(n, wanted)


@operator('Flatten', free=True)
def _flatten(n: Operands) -> Call:
    dims = n.dims()
    axis = n.attribute('axis', 1)
    axis = axis + len(dims) if axis < 0 else axis
    return _view(n, [count_of(dims[:axis]), count_of(dims[axis:])])


@operator('Squeeze', free=True)
def _squeeze(n: Operands) -> Call:
    dims, axes = n.dims(), n.axes(1)
    gone = {inside(axis, len(dims)) for axis in axes} if axes is not None else {i for i, d in enumerate(dims) if d == 1}
    if any(dims[axis] != 1 for axis in gone):
        raise NoEquivalent(f'axes {sorted(gone)} of {list(dims)} cannot be squeezed')
    return _view(n, [size for axis, size in enumerate(dims) if axis not in gone])


@operator('Unsqueeze', free=True)
def _unsqueeze(n: Operands) -> Call:
    dims, axes = n.dims(), n.axes(1)
    if axes is None:
        raise NoEquivalent('no axes')
    rank = len(dims) + len(axes)
    new = {inside(axis, rank) for axis in axes}
    rest = iter(dims)
    return _view(n, [1 if axis in new else next(rest) for axis in range(rank)])


@operator('Identity', 'Dropout', free=True)
def _identity(n: Operands) -> Call:
    x = n.tensor(0)
    return lambda: (x, None)[:len(n.node.outputs)]


@operator('Transpose')
def _transpose(n: Operands) -> Call:
    rank = len(n.dims())
    x, order = n.tensor(0), [inside(axis, rank) for axis in n.attribute('perm') or reversed(range(rank))]
    return lambda: n.backend.transpose(x, order)


@operator('Expand')
def _expand(n: Operands) -> Call:
    x, dims = n.tensor(0), broadcast_dims(n.dims(), n.elements(1))
    return lambda: n.backend.expand(x, dims)


@operator('Tile')
def _tile(n: Operands) -> Call:
    x, repeats = n.tensor(0), list(n.elements(1))
    return lambda: n.backend.tile(x, repeats)


@operator('Concat')
def _concat(n: Operands) -> Call:
    parts, axis = n.tensors(), n.axis(1, len(n.dims()))
    return lambda: n.backend.concat(parts, axis)


def equal_parts(size: int, count: int) -> List[int]:
    """Sizes of `count` parts that are equal but for the last, which may be smaller."""
    part = -(-size // count)
    return [max(0, min(part, size - i * part)) for i in range(count)]


@operator('Split')
def _split(n: Operands) -> Call:
    x, axis = n.tensor(0), n.axis(0, len(n.dims()))
    given = n.attribute('split')
    if given is None and n.has(1):
        given = n.elements(1)
    sizes = list(given) if given is not None else equal_parts(n.dims()[axis], len(n.node.outputs))
    return lambda: n.backend.split(x, sizes, axis)


@operator('Slice')
def _slice(n: Operands) -> Call:
    x, dims, rank = n.tensor(0), n.dims(), len(n.dims())
    if n.opset < 10:
        starts, ends, axes, steps = n.attribute('starts'), n.attribute('ends'), n.attribute('axes'), None
    else:
        starts, ends = n.elements(1), n.elements(2)
        axes = n.elements(3) if n.has(3) else None
        steps = n.elements(4) if n.has(4) else None
    first, counts, strides = [0] * rank, list(dims), [1] * rank
    for i, axis in enumerate(axes if axes is not None else range(len(starts))):
        axis, step = inside(axis, rank), steps[i] if steps is not None else 1
        if step == 0:
            raise NoEquivalent('a step of zero')
        # Python clamps starts and ends as ONNX does.
        chosen = range(*slice(starts[i], ends[i], step).indices(dims[axis]))
        first[axis], counts[axis], strides[axis] = chosen.start if len(chosen) else 0, len(chosen), step
    return lambda: n.backend.slice(x, first, counts, strides)


@operator('Pad')
def _pad(n: Operands) -> Call:
    dims, rank, mode = n.dims(), len(n.dims()), n.attribute('mode', 'constant')
    if n.opset < 11:
        pads, value, axes = n.attribute('pads') or n.attribute('paddings'), n.attribute('value', 0.0), None
    else:
        pads, value, axes = n.elements(1), n.scalar(2, 0), n.elements(3) if n.has(3) else None
    begins, ends = [0] * rank, [0] * rank
    chosen = [inside(axis, rank) for axis in axes] if axes is not None else list(range(rank))
    for i, axis in enumerate(chosen):
        begins[axis], ends[axis] = pads[i], pads[i + len(chosen)]
    # Negative pads cut off.
    starts = [max(0, -begin) for begin in begins]
    counts = [size - start - max(0, -end) for size, start, end in zip(dims, starts, ends)]
    x, b = n.tensor(0), n.backend
    more, most = [max(0, begin) for begin in begins], [max(0, end) for end in ends]
    if any(starts) or counts != list(dims):
        ones = [1] * rank
        return lambda: b.pad(b.slice(x, starts, counts, ones), mode, more, most, value)
    return lambda: b.pad(x, mode, more, most, value)


def _check_indices(n: Operands, size: int) -> None:
    """Keeps indices that are known to be wrong from a device, which may fail for good."""
    known = n.known(1)
    if known and not -size <= min(known) <= max(known) < size:
        raise NoEquivalent(f'its indices go from {min(known)} to {max(known)}, and there are {size} rows; say what is '
                           'valid input with --inputs')


@operator('Gather')
def _gather(n: Operands) -> Call:
    x, indices, axis = n.tensor(0), n.tensor(1), n.axis(0, len(n.dims()))
    _check_indices(n, n.dims()[axis])
    return lambda: n.backend.gather(x, indices, axis)


@operator('GatherElements')
def _gather_elements(n: Operands) -> Call:
    x, indices, axis = n.tensor(0), n.tensor(1), n.axis(0, len(n.dims()))
    _check_indices(n, n.dims()[axis])
    return lambda: n.backend.gather_elements(x, indices, axis)


@operator('GatherND')
def _gather_nd(n: Operands) -> Call:
    x, indices, batch = n.tensor(0), n.tensor(1), n.attribute('batch_dims', 0)
    return lambda: n.backend.gather_nd(x, indices, batch)


def _reduction(n: Operands) -> str:
    reduction = n.attribute('reduction', 'none')
    if reduction not in ('none', 'add'):
        raise NoEquivalent(f'scattering with {reduction}')
    return reduction


@operator('ScatterElements', 'Scatter')
def _scatter_elements(n: Operands) -> Call:
    (x, indices, updates), axis, reduction = n.tensors(), n.axis(0, len(n.dims())), _reduction(n)
    return lambda: n.backend.scatter_elements(x, indices, updates, axis, reduction)


@operator('ScatterND')
def _scatter_nd(n: Operands) -> Call:
    (x, indices, updates), reduction = n.tensors(), _reduction(n)
    return lambda: n.backend.scatter_nd(x, indices, updates, reduction)


@operator('Range')
def _range(n: Operands) -> Call:
    start, limit, step = n.scalar(0, 0), n.scalar(1, 0), n.scalar(2, 1)
    if step == 0:
        raise NoEquivalent('a step of zero')
    kind, whole = n.element_type(), isinstance(start, int)
    count = max(0, -((start - limit) // step) if whole else -int((start - limit) // step))
    return lambda: n.backend.range(start, count, step, kind)


@operator('ConstantOfShape')
def _constant_of_shape(n: Operands) -> Call:
    value, kind, dims = 0, types.FLOAT, list(n.elements(0))
    given = n.attribute('value')
    if isinstance(given, Constant):
        value, kind = given.values()[0], given.element_type
    return lambda: n.backend.full(dims, value, kind)


@operator('Trilu')
def _trilu(n: Operands) -> Call:
    x, upper, k = n.tensor(0), bool(n.attribute('upper', 1)), n.scalar(1, 0)
    return lambda: n.backend.triangle(x, upper, k)


@operator('NonZero')
def _nonzero(n: Operands) -> Call:
    x = n.tensor(0)
    return lambda: n.backend.nonzero(x)


@operator('OneHot')
def _one_hot(n: Operands) -> Call:
    b, rank, depth = n.backend, len(n.dims()) + 1, n.scalar(1, 0)
    axis, indices, values = n.axis(-1, rank), n.tensor(0), n.tensor(2)
    dims = n.dims()
    kind = n.element_type()
    classes = b.reshape(b.range(0, depth, 1, kind), [depth if i == axis else 1 for i in range(rank)])
    size = b.full((), depth, kind)
    off, on = b.split(values, [1, 1], 0)

    def call():
        wanted = b.reshape(b.binary('mod', indices, size), dims[:axis] + (1,) + dims[axis:])
        return b.where(b.binary('equal', wanted, classes), on, off)
    return call


@operator('DepthToSpace', 'SpaceToDepth')
def _blocks(n: Operands) -> Call:
    x, b, s = n.tensor(0), n.backend, n.attribute('blocksize')
    batch, depth, height, width = n.dims()
    if n.node.op_type == 'SpaceToDepth':
        return lambda: b.reshape(b.transpose(b.reshape(x, (batch, depth, height // s, s, width // s, s)),
                                             (0, 3, 5, 1, 2, 4)), (batch, depth * s * s, height // s, width // s))
    less = depth // (s * s)
    if n.attribute('mode', 'DCR') == 'CRD':
        split, order = (batch, less, s, s, height, width), (0, 1, 4, 2, 5, 3)
    else:
        split, order = (batch, s, s, less, height, width), (0, 3, 4, 1, 5, 2)
    return lambda: b.reshape(b.transpose(b.reshape(x, split), order), (batch, less, height * s, width * s))


@operator('Resize', 'Upsample')
def _resize(n: Operands) -> Call:
    x, dims, mode = n.tensor(0), n.dims(), n.attribute('mode', 'nearest')
    if n.attribute('axes') is not None or n.attribute('keep_aspect_ratio_policy', 'stretch') != 'stretch':
        raise NoEquivalent('resizing by axes or with a kept aspect ratio')
    if n.node.op_type == 'Upsample':
        scales, sizes = n.attribute('scales') or n.elements(1), None
    elif n.opset < 11:
        scales, sizes = n.elements(1), None
    else:
        sizes = n.elements(3) if n.has(3) else None
        scales = n.elements(2) if sizes is None else None
    wanted = list(sizes) if sizes is not None else [int(size * scale) for size, scale in zip(dims, scales or ())]
    if len(wanted) != len(dims) or tuple(wanted[:2]) != dims[:2]:
        raise NoEquivalent('resizing batch or channels')
    align = n.attribute('coordinate_transformation_mode', 'half_pixel') == 'align_corners'
    return lambda: n.backend.resize(x, wanted[2:], mode, align)


@operator('GridSample')
def _grid_sample(n: Operands) -> Call:
    x, grid, mode = n.tensor(0), n.tensor(1), n.attribute('mode', 'linear')
    mode = {'bilinear': 'linear', 'bicubic': 'cubic'}.get(mode, mode)
    padding, align = n.attribute('padding_mode', 'zeros'), bool(n.attribute('align_corners', 0))
    return lambda: n.backend.grid_sample(x, grid, mode, padding, align)
