"""What executes nodes: a few primitives to which operators.py lowers ONNX's operators.

Arguments are normalised: axes are not negative, lists have an entry per axis, defaults are filled in. Element types are
ONNX's numbers. Operands are the backend's own tensors. A primitive that a backend lacks raises NoEquivalent.
"""
from typing import Any, Callable, List, Optional, Sequence, Tuple

from .errors import NoEquivalent
from .host_array import HostArray

Tensor = Any
Ints = Sequence[int]

# Names of elementwise primitives of one and of two operands.
UNARY = frozenset((
    'abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'bitwise_not', 'ceil', 'cos', 'cosh', 'erf', 'exp',
    'floor', 'hardswish', 'isinf', 'isnan', 'log', 'mish', 'neg', 'not', 'reciprocal', 'relu', 'round', 'sigmoid',
    'sign', 'sin', 'sinh', 'softplus', 'softsign', 'sqrt', 'tan', 'tanh'))
BINARY = frozenset((
    'add', 'and', 'bitwise_and', 'bitwise_or', 'bitwise_xor', 'div', 'equal', 'fmod', 'greater', 'greater_equal',
    'less', 'less_equal', 'max', 'min', 'mod', 'mul', 'or', 'pow', 'shift_left', 'shift_right', 'sub', 'xor'))
COMPARISONS = frozenset(('equal', 'greater', 'greater_equal', 'less', 'less_equal', 'and', 'or', 'xor'))
REDUCTIONS = frozenset(('l1', 'l2', 'logsumexp', 'max', 'mean', 'min', 'prod', 'sum', 'sum_square'))


class Backend:
    """The primitives. `refusals` are exceptions by which the backend's library rejects an operation."""
    refusals: Tuple[type, ...] = ()
    name = ''

    def _lacks(self, primitive: str) -> Any:
        raise NoEquivalent(f'{self.name} has no {primitive}')

    # Tensors as such.
    def dims(self, x: Tensor) -> Tuple[int, ...]:
        """The sizes."""
        return self._lacks('dims')

    def element_type(self, x: Tensor) -> int:
        """ONNX's number of the element type."""
        return self._lacks('element_type')

    def upload(self, x: HostArray) -> Tensor:
        """A tensor with the elements of a host array."""
        return self._lacks('upload')

    def read(self, x: Tensor) -> HostArray:
        """The elements; NoEquivalent if they are not known."""
        return self._lacks('read')

    def random(self, dims: Ints, element_type: int, scale: float, mean: float, seed: int) -> Tensor:
        """Floats: normal; integers: zeros, which are valid as indices and sizes of anything; int8: the whole range."""
        return self._lacks('random')

    def full(self, dims: Ints, value: float, element_type: int) -> Tensor:
        """All elements alike."""
        return self._lacks('full')

    def time(self, call: Callable[[], Any], repeats: int) -> List[float]:
        """Microseconds that one call takes, `repeats` samples."""
        return self._lacks('time')

    # Elementwise, with broadcasting.
    def unary(self, name: str, x: Tensor) -> Tensor:
        return self._lacks(name)

    def binary(self, name: str, a: Tensor, b: Tensor) -> Tensor:
        """Integers divide towards zero; `mod` has the sign of the divisor, `fmod` of the dividend; pow has a's type."""
        return self._lacks(name)

    def where(self, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return self._lacks('where')

    def cast(self, x: Tensor, element_type: int) -> Tensor:
        return self._lacks('cast')

    def activation(self, name: str, x: Tensor, alpha: float, beta: float) -> Tensor:
        """elu, celu, selu, leaky_relu, hardsigmoid, thresholded_relu, gelu, gelu_tanh with their parameters."""
        return self._lacks(name)

    def clip(self, x: Tensor, low: Optional[float], high: Optional[float]) -> Tensor:
        return self._lacks('clip')

    # Linear algebra.
    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return self._lacks('matmul')

    def gemm(self, a: Tensor, b: Tensor, c: Optional[Tensor], alpha: float, beta: float, flip_a: bool, flip_b: bool
             ) -> Tensor:
        return self._lacks('gemm')

    def einsum(self, equation: str, operands: Sequence[Tensor]) -> Tensor:
        return self._lacks('einsum')

    def conv(self, x: Tensor, w: Tensor, bias: Optional[Tensor], strides: Ints, begins: Ints, ends: Ints,
             dilations: Ints, groups: int) -> Tensor:
        return self._lacks('conv')

    def conv_transpose(self, x: Tensor, w: Tensor, bias: Optional[Tensor], strides: Ints, begins: Ints, ends: Ints,
                       extra: Ints, dilations: Ints, groups: int) -> Tensor:
        """`extra` is ONNX's output_padding."""
        return self._lacks('conv_transpose')

    def rnn(self, kind: str, x: Tensor, w: Tensor, r: Tensor, b: Optional[Tensor], states: Sequence[Optional[Tensor]],
            directions: int) -> Tuple[Tensor, ...]:
        """`kind` is LSTM, GRU or RNN; x is [steps, batch, features], the results and weights are as in ONNX."""
        return self._lacks(kind)

    # Windows, reductions, normalizations.
    def pool(self, kind: str, x: Tensor, kernel: Ints, strides: Ints, begins: Ints, ends: Ints, dilations: Ints,
             ceil: bool, count_padding: bool) -> Tensor:
        """`kind` is 'max' or 'average'."""
        return self._lacks('pool')

    def reduce(self, name: str, x: Tensor, axes: Ints, keep: bool) -> Tensor:
        return self._lacks(f'reduction {name}')

    def arg_reduce(self, name: str, x: Tensor, axis: int, keep: bool) -> Tensor:
        """`name` is 'max' or 'min'; int64."""
        return self._lacks(f'arg{name}')

    def softmax(self, x: Tensor, axis: int, log: bool) -> Tensor:
        return self._lacks('softmax')

    def batch_norm(self, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float
                   ) -> Tensor:
        return self._lacks('batch_norm')

    def layer_norm(self, x: Tensor, scale: Tensor, bias: Optional[Tensor], axis: int, epsilon: float) -> Tensor:
        return self._lacks('layer_norm')

    def group_norm(self, x: Tensor, groups: int, scale: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        return self._lacks('group_norm')

    def local_response_norm(self, x: Tensor, size: int, alpha: float, beta: float, bias: float) -> Tensor:
        return self._lacks('local_response_norm')

    def cumsum(self, x: Tensor, axis: int) -> Tensor:
        return self._lacks('cumsum')

    def topk(self, x: Tensor, k: int, axis: int, largest: bool) -> Tuple[Tensor, Tensor]:
        """Sorted values and their int64 indices."""
        return self._lacks('topk')

    # Movement. Results are contiguous copies, as in a runtime of ONNX; only reshape() may return a view.
    def reshape(self, x: Tensor, dims: Ints) -> Tensor:
        return self._lacks('reshape')

    def transpose(self, x: Tensor, order: Ints) -> Tensor:
        return self._lacks('transpose')

    def expand(self, x: Tensor, dims: Ints) -> Tensor:
        return self._lacks('expand')

    def tile(self, x: Tensor, repeats: Ints) -> Tensor:
        return self._lacks('tile')

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        return self._lacks('concat')

    def split(self, x: Tensor, sizes: Ints, axis: int) -> List[Tensor]:
        return self._lacks('split')

    def slice(self, x: Tensor, starts: Ints, counts: Ints, steps: Ints) -> Tensor:
        """count elements from start on, for each axis; steps may be negative."""
        return self._lacks('slice')

    def pad(self, x: Tensor, mode: str, begins: Ints, ends: Ints, value: float) -> Tensor:
        """`mode` is constant, reflect, edge or wrap; pads are not negative."""
        return self._lacks('pad')

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        """Indices may be negative, here and in the following."""
        return self._lacks('gather')

    def gather_elements(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        return self._lacks('gather_elements')

    def gather_nd(self, x: Tensor, indices: Tensor, batch: int) -> Tensor:
        return self._lacks('gather_nd')

    def scatter_elements(self, x: Tensor, indices: Tensor, updates: Tensor, axis: int, reduction: str) -> Tensor:
        """`reduction` is none or add."""
        return self._lacks('scatter_elements')

    def scatter_nd(self, x: Tensor, indices: Tensor, updates: Tensor, reduction: str) -> Tensor:
        """`reduction` is none or add."""
        return self._lacks('scatter_nd')

    def range(self, start: float, count: int, step: float, element_type: int) -> Tensor:
        return self._lacks('range')

    def triangle(self, x: Tensor, upper: bool, k: int) -> Tensor:
        return self._lacks('triangle')

    def nonzero(self, x: Tensor) -> Tensor:
        """Indices as [rank, found], int64."""
        return self._lacks('nonzero')

    def resize(self, x: Tensor, sizes: Ints, mode: str, align_corners: bool) -> Tensor:
        """To sizes of all axes but the first two; `mode` is nearest, linear or cubic."""
        return self._lacks('resize')

    def grid_sample(self, x: Tensor, grid: Tensor, mode: str, padding: str, align_corners: bool) -> Tensor:
        """`mode` is nearest, linear or cubic; `padding` is zeros, border or reflection."""
        return self._lacks('grid_sample')
