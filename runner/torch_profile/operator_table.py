"""The table of operators, and how an operator sees its node: operands, attributes with defaults, axes."""
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from .backend import Backend, Tensor
from .errors import NoEquivalent
from .host_array import HostArray
from .onnx_reader import Graph, Node
from .onnx_reader import Tensor as Constant

Call = Callable[[], Any]


class Value:
    """What a node computed: elements known on the host, a tensor of the backend, or both. `constant`: no input of the
    model has a part in it, so that a runtime computes it once."""

    def __init__(self, host: Optional[HostArray] = None, tensor: Tensor = None, constant: bool = False):
        self.host = host
        self.tensor = tensor
        self.constant = constant


class Operands:
    """A node with its operands on a backend. Absent operands are None."""

    def __init__(self, node: Node, opset: int, backend: Backend, values: Sequence[Optional[Value]], on_host: bool):
        self.node = node
        self.opset = opset
        self.backend = backend
        self._values = values
        self._on_host = on_host

    @property
    def count(self) -> int:
        """The number of operands, absent ones too."""
        return len(self._values)

    def has(self, index: int) -> bool:
        return index < len(self._values) and self._values[index] is not None

    def _value(self, index: int) -> Value:
        value = self._values[index] if index < len(self._values) else None
        if value is None:
            raise NoEquivalent(f'operand {index} is absent')
        return value

    def tensor(self, index: int) -> Tensor:
        """An operand as a tensor of the backend."""
        value = self._value(index)
        if self._on_host:
            return value.host
        if value.tensor is None:
            value.tensor = self.backend.upload(value.host)
        return value.tensor

    def optional(self, index: int) -> Optional[Tensor]:
        return self.tensor(index) if self.has(index) else None

    def tensors(self) -> List[Tensor]:
        return [self.tensor(i) for i in range(self.count)]

    def elements(self, index: int) -> list:
        """The elements of an operand on which shapes depend."""
        value = self._value(index)
        if value.host is None:
            value.host = self.backend.read(value.tensor)
        return value.host.data

    def known(self, index: int) -> Optional[list]:
        """The elements of an operand if they are on the host already."""
        value = self._value(index)
        return value.host.data if value.host is not None else None

    def scalar(self, index: int, default: Any) -> Any:
        if not self.has(index):
            return default
        elements = self.elements(index)
        return elements[0] if elements else default

    def dims(self, index: int = 0) -> Tuple[int, ...]:
        value = self._value(index)
        return value.host.dims if value.host is not None else self.backend.dims(value.tensor)

    def element_type(self, index: int = 0) -> int:
        value = self._value(index)
        return value.host.element_type if value.host is not None else self.backend.element_type(value.tensor)

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value, texts as str."""
        attribute = self.node.attributes.get(name)
        if attribute is None or attribute.value is None:
            return default
        return attribute.value.decode('utf-8', 'replace') if isinstance(attribute.value, bytes) else attribute.value

    def axis(self, default: int, rank: int, name: str = 'axis') -> int:
        """The axis that an attribute says, not negative."""
        return inside(self.attribute(name, default), rank)

    def axes(self, index: int) -> Optional[List[int]]:
        """Axes as an attribute, which older versions have, or as an operand; None if neither is there."""
        if self.attribute('axes') is not None:
            return list(self.attribute('axes'))
        return list(self.elements(index)) if self.has(index) else None


def inside(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < max(rank, 1):
        raise NoEquivalent(f'axis {axis} of {rank}')
    return axis % rank if rank else 0


@dataclass(frozen=True)
class Operator:
    """`lower` gives the call that is measured. `free`: only the shape changes; `known`: the result is a host array."""
    lower: Callable[[Operands], Call]
    free: bool = False
    known: bool = False


OPERATORS: Dict[str, Operator] = {}


def operator(*names: str, free: bool = False, known: bool = False) -> Callable:
    """Enters a lowering under the names of operators."""
    def enter(lower: Callable[[Operands], Call]) -> Callable[[Operands], Call]:
        for name in names:
            assert name not in OPERATORS, name
            OPERATORS[name] = Operator(lower, free, known)
        return lower
    return enter


def body(node: Node, name: str) -> Graph:
    """The body of an operator with control flow."""
    attribute = node.attributes.get(name)
    if attribute is None or not isinstance(attribute.value, Graph):
        raise NoEquivalent(f'it has no body {name}')
    return attribute.value


__all__ = ['Call', 'Constant', 'OPERATORS', 'Operands', 'Operator', 'Value', 'body', 'inside', 'operator']
