"""The primitives in PyTorch: the only module that imports it. What it calls has been in PyTorch since 1.12.

Results are contiguous, so that the cost of moving elements is in the row of the node that moves them.
"""
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F

from . import element_types as types
from .backend import Backend, Ints
from .errors import NoEquivalent, UserError
from .host_array import HostArray
from .statistics import median

Tensor = torch.Tensor

# PyTorch hardly computes with wider unsigned integers; the next signed type moves at least as many bytes.
_DTYPES = {
    types.FLOAT: torch.float32, types.FLOAT16: torch.float16, types.BFLOAT16: torch.bfloat16,
    types.DOUBLE: torch.float64, types.UINT8: torch.uint8, types.INT8: torch.int8, types.INT16: torch.int16,
    types.UINT16: torch.int32, types.INT32: torch.int32, types.UINT32: torch.int64, types.INT64: torch.int64,
    types.UINT64: torch.int64, types.BOOL: torch.bool,
}
_TYPES = {torch.float32: types.FLOAT, torch.float16: types.FLOAT16, torch.bfloat16: types.BFLOAT16,
          torch.float64: types.DOUBLE, torch.uint8: types.UINT8, torch.int8: types.INT8, torch.int16: types.INT16,
          torch.int32: types.INT32, torch.int64: types.INT64, torch.bool: types.BOOL}

_UNARY: Dict[str, Callable[[Tensor], Tensor]] = {
    'abs': torch.abs, 'acos': torch.acos, 'acosh': torch.acosh, 'asin': torch.asin, 'asinh': torch.asinh,
    'atan': torch.atan, 'atanh': torch.atanh, 'bitwise_not': torch.bitwise_not, 'ceil': torch.ceil, 'cos': torch.cos,
    'cosh': torch.cosh, 'erf': torch.erf, 'exp': torch.exp, 'floor': torch.floor, 'hardswish': F.hardswish,
    'isinf': torch.isinf, 'isnan': torch.isnan, 'log': torch.log, 'mish': F.mish, 'neg': torch.neg,
    'not': torch.logical_not, 'reciprocal': torch.reciprocal, 'relu': F.relu, 'round': torch.round,
    'sigmoid': torch.sigmoid, 'sign': torch.sign, 'sin': torch.sin, 'sinh': torch.sinh, 'softplus': F.softplus,
    'softsign': F.softsign, 'sqrt': torch.sqrt, 'tan': torch.tan, 'tanh': torch.tanh,
}
_BINARY: Dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    'add': torch.add, 'and': torch.logical_and, 'bitwise_and': torch.bitwise_and, 'bitwise_or': torch.bitwise_or,
    'bitwise_xor': torch.bitwise_xor, 'equal': torch.eq, 'fmod': torch.fmod, 'greater': torch.gt,
    'greater_equal': torch.ge, 'less': torch.lt, 'less_equal': torch.le, 'max': torch.maximum, 'min': torch.minimum,
    'mod': torch.remainder, 'mul': torch.mul, 'or': torch.logical_or, 'sub': torch.sub, 'xor': torch.logical_xor,
    'shift_left': torch.bitwise_left_shift, 'shift_right': torch.bitwise_right_shift,
}
_ACTIVATIONS: Dict[str, Callable[[Tensor, float, float], Tensor]] = {
    'elu': lambda x, a, b: F.elu(x, a), 'celu': lambda x, a, b: F.celu(x, a), 'selu': lambda x, a, b: F.selu(x),
    'leaky_relu': lambda x, a, b: F.leaky_relu(x, a), 'hardsigmoid': lambda x, a, b: torch.clamp(x * a + b, 0.0, 1.0),
    'thresholded_relu': lambda x, a, b: F.threshold(x, a, 0.0), 'gelu': lambda x, a, b: F.gelu(x),
    'gelu_tanh': lambda x, a, b: F.gelu(x, approximate='tanh'),
}
_REDUCTIONS: Dict[str, Callable[[Tensor, List[int], bool], Tensor]] = {
    'sum': lambda x, axes, keep: torch.sum(x, axes, keepdim=keep),
    'mean': lambda x, axes, keep: torch.mean(x, axes, keepdim=keep),
    'max': lambda x, axes, keep: torch.amax(x, axes, keepdim=keep),
    'min': lambda x, axes, keep: torch.amin(x, axes, keepdim=keep),
    'l1': lambda x, axes, keep: torch.sum(torch.abs(x), axes, keepdim=keep),
    'l2': lambda x, axes, keep: torch.sqrt(torch.sum(x * x, axes, keepdim=keep)),
    'sum_square': lambda x, axes, keep: torch.sum(x * x, axes, keepdim=keep),
    'logsumexp': lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep),
}
_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
_MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGE_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}

# A sample lasts about this long, so that the resolution of events and the clock does not matter.
_SAMPLE_US = 500.0
_MOST_CALLS = 50
_WARMUP = 3
# Products of square matrices of this side keep the device busy for so long, while calls are queued behind them.
_BUSY_SIDE = 2048
_BUSY_US = 3000.0
_MOST_BUSY = 200


class TorchBackend(Backend):
    """Executes on `device`: 'cuda:0', 'cpu'. Raises UserError if it is not there."""
    refusals = (RuntimeError, TypeError, ValueError, IndexError)
    name = 'PyTorch'

    def __init__(self, device: str):
        try:
            self._device = torch.device(device)
            torch.zeros(1, device=self._device)
        except (RuntimeError, AssertionError) as error:
            first = (str(error).strip().splitlines() or ['unknown reason'])[0]
            raise UserError(f'PyTorch cannot use the device {device}: {first}') from None
        self._is_cuda = self._device.type == 'cuda'
        torch.set_grad_enabled(False)
        if self._is_cuda:
            torch.cuda.set_device(self._device)
            torch.backends.cudnn.benchmark = True
            # ONNX Runtime's CUDA provider lets float32 products run as TF32 too.
            torch.set_float32_matmul_precision('high')
            self._busy = torch.randn(_BUSY_SIDE, _BUSY_SIDE, device=self._device)
            self._busy_count = self._busy_calls()

    def description(self) -> str:
        """What measured: for the comments of the table."""
        what = torch.cuda.get_device_name(self._device) if self._is_cuda else f'{torch.get_num_threads()} threads'
        return f'PyTorch {torch.__version__} on {self._device} ({what})'

    # Time.

    def time(self, call: Callable[[], Any], repeats: int) -> List[float]:
        for _ in range(_WARMUP):
            call()
        self._synchronise()
        begin = time.perf_counter()
        call()
        self._synchronise()
        once = max(1.0, (time.perf_counter() - begin) * 1e6)
        count = max(1, min(_MOST_CALLS, int(_SAMPLE_US / once)))
        sample = self._events if self._is_cuda else self._clock
        return [sample(call, count) for _ in range(repeats)]

    def _synchronise(self) -> None:
        if self._is_cuda:
            torch.cuda.synchronize(self._device)

    @staticmethod
    def _clock(call: Callable[[], Any], count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - begin) * 1e6 / count

    def _busy_calls(self) -> int:
        """How many products keep the device busy for _BUSY_US."""
        self._busy_count = 0
        for _ in range(_WARMUP):
            torch.mm(self._busy, self._busy)
        once = self._events(lambda: torch.mm(self._busy, self._busy), 10)
        return max(1, min(_MOST_BUSY, round(_BUSY_US / max(once, 1.0))))

    def _events(self, call: Callable[[], Any], count: int) -> float:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        # They run while Python queues the calls, so that the calls follow each other without gaps.
        for _ in range(self._busy_count):
            torch.mm(self._busy, self._busy)
        begin.record()
        for _ in range(count):
            call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1000.0 / count

    def launch(self, repeats: int) -> float:
        """Microseconds from launching a kernel that does next to nothing until it is known to be done."""
        x = torch.zeros(1, device=self._device)

        def once() -> None:
            torch.neg(x)
            self._synchronise()
        for _ in range(_WARMUP):
            once()
        return median([self._clock(once, 1) for _ in range(repeats)])

    def transfer(self, size: int, to_device: bool, repeats: int) -> float:
        """Microseconds to copy `size` bytes between pinned host memory and the device."""
        host = torch.zeros(size, dtype=torch.uint8)
        host = host.pin_memory() if self._is_cuda else host
        there = torch.zeros(size, dtype=torch.uint8, device=self._device)
        source, target = (host, there) if to_device else (there, host)

        def once() -> None:
            target.copy_(source, non_blocking=True)
            self._synchronise()
        for _ in range(_WARMUP):
            once()
        return median([self._clock(once, 1) for _ in range(repeats)])

    # Tensors as such.

    @staticmethod
    def _dtype(element_type: int) -> torch.dtype:
        if element_type not in _DTYPES:
            raise NoEquivalent(f'PyTorch has no tensors of {types.name_of(element_type)}')
        return _DTYPES[element_type]

    def dims(self, x: Tensor) -> Tuple[int, ...]:
        return tuple(x.shape)

    def element_type(self, x: Tensor) -> int:
        return _TYPES[x.dtype]

    def upload(self, x: HostArray) -> Tensor:
        return torch.tensor(x.data, dtype=self._dtype(x.element_type), device=self._device).reshape(tuple(x.dims))

    def read(self, x: Tensor) -> HostArray:
        return HostArray(tuple(x.shape), _TYPES[x.dtype], x.cpu().reshape(-1).tolist())

    def random(self, dims: Ints, element_type: int, scale: float, mean: float, seed: int) -> Tensor:
        dtype = self._dtype(element_type)
        generator = torch.Generator(device=self._device)
        generator.manual_seed(seed)
        if element_type in types.FLOATS:
            x = torch.randn(tuple(dims), generator=generator, device=self._device)
            return x.mul_(scale).add_(mean).to(dtype)
        if element_type in (types.INT8, types.UINT8):
            low, high = (-128, 128) if element_type == types.INT8 else (0, 256)
            return torch.randint(low, high, tuple(dims), generator=generator, device=self._device, dtype=dtype)
        return torch.zeros(tuple(dims), dtype=dtype, device=self._device)

    def full(self, dims: Ints, value: float, element_type: int) -> Tensor:
        return torch.full(tuple(dims), value, dtype=self._dtype(element_type), device=self._device)

    # Elementwise.

    def unary(self, name: str, x: Tensor) -> Tensor:
        return _UNARY[name](x)

    def binary(self, name: str, a: Tensor, b: Tensor) -> Tensor:
        if name == 'div':
            return torch.div(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode='trunc')
        if name == 'pow':
            return torch.pow(a, b).to(a.dtype)
        return _BINARY[name](a, b)

    def where(self, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.where(condition, a, b)

    def cast(self, x: Tensor, element_type: int) -> Tensor:
        return x.to(self._dtype(element_type))

    def activation(self, name: str, x: Tensor, alpha: float, beta: float) -> Tensor:
        return _ACTIVATIONS[name](x, alpha, beta)

    def clip(self, x: Tensor, low: Optional[float], high: Optional[float]) -> Tensor:
        return x if low is None and high is None else torch.clamp(x, min=low, max=high)

    # Linear algebra.

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.matmul(a, b)

    def gemm(self, a: Tensor, b: Tensor, c: Optional[Tensor], alpha: float, beta: float, flip_a: bool, flip_b: bool
             ) -> Tensor:
        left, right = a.t() if flip_a else a, b.t() if flip_b else b
        if c is not None:
            return torch.addmm(c, left, right, beta=beta, alpha=alpha)
        product = torch.mm(left, right)
        return product if alpha == 1.0 else product * alpha

    def einsum(self, equation: str, operands: Sequence[Tensor]) -> Tensor:
        return torch.einsum(equation, *operands).contiguous()

    @staticmethod
    def _padded(x: Tensor, begins: Ints, ends: Ints, value: float = 0.0) -> Tuple[Tensor, List[int]]:
        """The operand with pads around it, for operations that pad by other values or both ends alike."""
        pairs = [pad for begin, end in zip(reversed(begins), reversed(ends)) for pad in (begin, end)]
        return F.pad(x, pairs, value=value), [0] * len(begins)

    def conv(self, x: Tensor, w: Tensor, bias: Optional[Tensor], strides: Ints, begins: Ints, ends: Ints,
             dilations: Ints, groups: int) -> Tensor:
        x, pads = (x, list(begins)) if list(begins) == list(ends) else self._padded(x, begins, ends)
        return self._of_rank(_CONV, strides)(x, w, bias, tuple(strides), tuple(pads), tuple(dilations), groups)

    @staticmethod
    def _of_rank(table: Dict[int, Callable], entries: Ints) -> Callable:
        if len(entries) not in table:
            raise NoEquivalent(f'a window over {len(entries)} axes')
        return table[len(entries)]

    def conv_transpose(self, x: Tensor, w: Tensor, bias: Optional[Tensor], strides: Ints, begins: Ints, ends: Ints,
                       extra: Ints, dilations: Ints, groups: int) -> Tensor:
        # What is cut off at the end alone is cut off afterwards.
        pads = [min(begin, end) for begin, end in zip(begins, ends)]
        convolve = self._of_rank(_CONV_TRANSPOSE, strides)
        y = convolve(x, w, bias, tuple(strides), tuple(pads), tuple(extra), groups, tuple(dilations))
        for axis, (begin, end, pad) in enumerate(zip(begins, ends, pads), start=2):
            if begin != end:
                y = y.narrow(axis, begin - pad, y.shape[axis] - (begin - pad) - (end - pad))
        return y.contiguous()

    def rnn(self, kind: str, x: Tensor, w: Tensor, r: Tensor, b: Optional[Tensor], states: Sequence[Optional[Tensor]],
            directions: int) -> Tuple[Tensor, ...]:
        # The order of gates differs from ONNX's, which changes no time.
        hidden, batch = r.shape[2], x.shape[1]
        biases = b if b is not None else x.new_zeros(directions, 2 * r.shape[1])
        flat: List[Tensor] = []
        for d in range(directions):
            flat += [w[d].contiguous(), r[d].contiguous(), *[half.contiguous() for half in biases[d].chunk(2)]]
        initial = [s if s is not None else x.new_zeros(directions, batch, hidden) for s in states]
        arguments = (flat, True, 1, 0.0, False, directions == 2, False)
        if kind == 'LSTM':
            y, *last = torch.lstm(x, initial, *arguments)
        else:
            y, *last = (torch.gru if kind == 'GRU' else torch.rnn_tanh)(x, initial[0], *arguments)
        y = y.reshape(x.shape[0], batch, directions, hidden).transpose(1, 2).contiguous()
        return (y, *last)

    # Windows, reductions, normalizations.

    def pool(self, kind: str, x: Tensor, kernel: Ints, strides: Ints, begins: Ints, ends: Ints, dilations: Ints,
             ceil: bool, count_padding: bool) -> Tensor:
        k, s = tuple(kernel), tuple(strides)
        fits = list(begins) == list(ends) and all(2 * begin <= size for begin, size in zip(begins, kernel))
        if kind == 'max':
            padded, pads = (x, list(begins)) if fits else self._padded(x, begins, ends, float('-inf'))
            return self._of_rank(_MAX_POOL, k)(padded, k, s, tuple(pads), tuple(dilations), ceil)
        if any(dilation != 1 for dilation in dilations):
            raise NoEquivalent('an average pool with dilations')
        padded, pads = (x, list(begins)) if fits else self._padded(x, begins, ends, 0.0)
        return self._of_rank(_AVERAGE_POOL, k)(padded, k, s, tuple(pads), ceil, count_padding)

    def reduce(self, name: str, x: Tensor, axes: Ints, keep: bool) -> Tensor:
        if name == 'prod':
            for axis in sorted(axes, reverse=True):
                x = torch.prod(x, axis, keepdim=keep)
            return x
        y = _REDUCTIONS[name](x, list(axes), keep) if axes else x
        return y.to(x.dtype)  # sums of small integers come out as int64

    def arg_reduce(self, name: str, x: Tensor, axis: int, keep: bool) -> Tensor:
        return (torch.argmax if name == 'max' else torch.argmin)(x, axis, keepdim=keep)

    def softmax(self, x: Tensor, axis: int, log: bool) -> Tensor:
        return F.log_softmax(x, axis) if log else F.softmax(x, axis)

    def batch_norm(self, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float
                   ) -> Tensor:
        return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)

    def layer_norm(self, x: Tensor, scale: Tensor, bias: Optional[Tensor], axis: int, epsilon: float) -> Tensor:
        return F.layer_norm(x, tuple(x.shape[axis:]), scale, bias, epsilon)

    def group_norm(self, x: Tensor, groups: int, scale: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        return F.group_norm(x, groups, scale, bias, epsilon)

    def local_response_norm(self, x: Tensor, size: int, alpha: float, beta: float, bias: float) -> Tensor:
        return F.local_response_norm(x, size, alpha, beta, bias)

    def cumsum(self, x: Tensor, axis: int) -> Tensor:
        return torch.cumsum(x, axis).to(x.dtype)

    def topk(self, x: Tensor, k: int, axis: int, largest: bool) -> Tuple[Tensor, Tensor]:
        values, indices = torch.topk(x, k, axis, largest, True)
        return values, indices

    # Movement.

    def reshape(self, x: Tensor, dims: Ints) -> Tensor:
        return x.reshape(tuple(dims))

    def transpose(self, x: Tensor, order: Ints) -> Tensor:
        return x.permute(*order).contiguous() if len(order) > 0 else x

    def expand(self, x: Tensor, dims: Ints) -> Tensor:
        return x.expand(tuple(dims)).contiguous()

    def tile(self, x: Tensor, repeats: Ints) -> Tensor:
        return x.repeat(*repeats) if len(repeats) > 0 else x

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        return torch.cat(tuple(parts), axis)

    def split(self, x: Tensor, sizes: Ints, axis: int) -> List[Tensor]:
        return [part.contiguous() for part in torch.split(x, list(sizes), axis)]

    def slice(self, x: Tensor, starts: Ints, counts: Ints, steps: Ints) -> Tensor:
        chosen, backwards = [], []
        for axis, (start, count, step) in enumerate(zip(starts, counts, steps)):
            if step < 0 and count > 0:
                # PyTorch has no negative steps: the same elements forwards, then turned.
                backwards.append(axis)
                start, step = start + (count - 1) * step, -step
            chosen.append(slice(start, start + (count - 1) * step + 1 if count else start, abs(step)))
        y = x[tuple(chosen)]
        return torch.flip(y, backwards) if backwards else y.clone(memory_format=torch.contiguous_format)

    def pad(self, x: Tensor, mode: str, begins: Ints, ends: Ints, value: float) -> Tensor:
        pairs = [pad for begin, end in zip(reversed(begins), reversed(ends)) for pad in (begin, end)]
        if mode == 'constant':
            return F.pad(x, pairs, value=value)
        # Other modes pad the last axes only; leading zeros are left out.
        while len(pairs) > 2 and pairs[-2:] == [0, 0]:
            pairs = pairs[:-2]
        names = {'reflect': 'reflect', 'edge': 'replicate', 'wrap': 'circular'}
        if mode not in names:
            raise NoEquivalent(f'padding by {mode}')
        return F.pad(x, pairs, mode=names[mode])

    @staticmethod
    def _forward(indices: Tensor, size: int) -> Tensor:
        """Indices counted from the front."""
        indices = indices.long()
        return torch.where(indices < 0, indices + size, indices)

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        flat = self._forward(indices, x.shape[axis]).reshape(-1)
        y = torch.index_select(x, axis, flat)
        return y.reshape(tuple(x.shape[:axis]) + tuple(indices.shape) + tuple(x.shape[axis + 1:]))

    def gather_elements(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        return torch.gather(x, axis, self._forward(indices, x.shape[axis]))

    def gather_nd(self, x: Tensor, indices: Tensor, batch: int) -> Tensor:
        if batch != 0:
            raise NoEquivalent('GatherND with a batch')
        return x[tuple(indices.long().unbind(-1))].contiguous()

    def scatter_elements(self, x: Tensor, indices: Tensor, updates: Tensor, axis: int, reduction: str) -> Tensor:
        places = self._forward(indices, x.shape[axis])
        scatter = torch.scatter_add if reduction == 'add' else torch.scatter
        return scatter(x, axis, places, updates)

    def scatter_nd(self, x: Tensor, indices: Tensor, updates: Tensor, reduction: str) -> Tensor:
        return x.clone().index_put_(tuple(indices.long().unbind(-1)), updates, accumulate=reduction == 'add')

    def range(self, start: float, count: int, step: float, element_type: int) -> Tensor:
        steps = torch.arange(count, device=self._device)
        return (steps * step + start).to(self._dtype(element_type))

    def triangle(self, x: Tensor, upper: bool, k: int) -> Tensor:
        return torch.triu(x, k) if upper else torch.tril(x, k)

    def nonzero(self, x: Tensor) -> Tensor:
        return torch.nonzero(x).t().contiguous()

    def resize(self, x: Tensor, sizes: Ints, mode: str, align_corners: bool) -> Tensor:
        rank = len(sizes)
        if mode == 'nearest':
            return F.interpolate(x, size=tuple(sizes), mode='nearest')
        name = {('linear', 1): 'linear', ('linear', 2): 'bilinear', ('linear', 3): 'trilinear', ('cubic', 2): 'bicubic'}
        if (mode, rank) not in name:
            raise NoEquivalent(f'{mode} resizing of {rank} axes')
        return F.interpolate(x, size=tuple(sizes), mode=name[mode, rank], align_corners=align_corners)

    def grid_sample(self, x: Tensor, grid: Tensor, mode: str, padding: str, align_corners: bool) -> Tensor:
        name = {'linear': 'bilinear', 'nearest': 'nearest', 'cubic': 'bicubic'}[mode]
        return F.grid_sample(x, grid, mode=name, padding_mode=padding, align_corners=align_corners)
