"""Constants: those from which shapes are computed are read, weights are only shaped and filled with random numbers."""
import zlib

from . import element_types as types
from .backend import Backend
from .errors import NoEquivalent
from .host_array import HostArray, count_of
from .onnx_reader import Node, Tensor
from .operator_table import Value

# Larger integers index tables; reading them would take longer than it is worth, and zeros are valid indices.
_MOST_INTEGERS = 1 << 20
# Scales, bounds and the like.
_MOST_FLOATS = 1024


def constant_value(tensor: Tensor, backend: Backend) -> Value:
    """The value of an initializer. Raises UserError if elements that are needed are not there."""
    kind = tensor.element_type
    if not types.is_readable(kind):
        raise NoEquivalent(f'a constant of {types.name_of(kind)}')
    is_small = tensor.count <= (_MOST_FLOATS if kind in types.FLOATS else _MOST_INTEGERS)
    if is_small and kind not in (types.INT8, types.UINT8) or tensor.count <= _MOST_FLOATS:
        return Value(host=HostArray(tensor.dims, kind, tensor.values()), constant=True)
    return Value(tensor=random_weights(tensor.dims, kind, backend, tensor.name), constant=True)


def random_weights(dims, kind: int, backend: Backend, name: str):
    """Random numbers of a size that neither grows nor dies out in deep networks. Vectors are positive: they may be
    variances."""
    seed = zlib.crc32(name.encode())
    if len(dims) < 2:
        return backend.random(dims, kind, 0.1, 1.0, seed)
    return backend.random(dims, kind, max(dims[0], count_of(dims[1:]), 1) ** -0.5, 0.0, seed)


def constant_of_node(node: Node, backend: Backend) -> Value:
    """The value of a Constant node."""
    given = {name: attribute.value for name, attribute in node.attributes.items()}
    value = given.get('value')
    if isinstance(value, Tensor):
        return constant_value(value, backend)
    for name, kind in (('value_float', types.FLOAT), ('value_int', types.INT64)):
        if given.get(name) is not None:
            return Value(host=HostArray((), kind, [given[name]]), constant=True)
        several = given.get(name + 's')
        if isinstance(several, list):
            return Value(host=HostArray((len(several),), kind, list(several)), constant=True)
    raise NoEquivalent('a constant that is no tensor of numbers')
