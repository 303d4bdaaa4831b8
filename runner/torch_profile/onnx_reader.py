"""The graph of an ONNX file. Weights stay in the file: a tensor knows where its bytes are and reads them when asked."""
import mmap
import os
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

from . import element_types
from .errors import UserError
from .files import open_regular
from .protobuf_wire import Damaged, Field, Span, fields, integers, reals

# Deeper nesting is no model but a damaged or hostile file.
_MAX_DEPTH = 64

Dimension = Union[int, str]  # a name, '' if nothing is known


@dataclass
class Tensor:
    """A constant. Its elements are read by values()."""
    name: str = ''
    dims: Tuple[int, ...] = ()
    element_type: int = 0
    folder: str = ''
    raw: Optional[Span] = None
    typed: List[Field] = field(default_factory=list)
    external: Optional[Dict[str, str]] = None

    @property
    def count(self) -> int:
        count = 1
        for dim in self.dims:
            count *= dim
        return count

    def values(self) -> list:
        """All elements as Python numbers, row by row. Raises UserError if they are not there."""
        kind = self.element_type
        if not element_types.is_readable(kind):
            raise UserError(f'tensor {self.name!r}: elements of {element_types.name_of(kind)} are not read')
        if self.external is not None:
            values = element_types.from_bytes(kind, self._external_bytes())
        elif self.raw is not None:
            values = self._from_raw(self.raw.bytes())
        else:
            numbers: list = []
            for part in self.typed:
                numbers += reals(part, part.number == 10) if part.number in (4, 10) else integers(part)
            values = element_types.wrapped(kind, numbers) if kind in element_types.INTEGERS else \
                element_types.from_bits(kind, numbers)
        if len(values) != self.count:
            raise UserError(f'tensor {self.name!r} has {len(values)} elements, but its dimensions need {self.count}')
        return values

    def _from_raw(self, data: bytes) -> list:
        if len(data) % element_types.size_of(self.element_type):
            raise UserError(f'tensor {self.name!r}: {len(data)} bytes hold no whole number of elements')
        return element_types.from_bytes(self.element_type, data)

    def _external_bytes(self) -> bytes:
        assert self.external is not None
        location = self.external.get('location', '')
        if os.path.isabs(location) or '..' in location.replace('\\', '/').split('/'):
            raise UserError(f'tensor {self.name!r}: its data {location!r} are outside the model\'s folder')
        path = os.path.join(self.folder, location)
        length = self.count * element_types.size_of(self.element_type)
        try:
            offset = int(self.external.get('offset', '0'))
            with open_regular(path) as file:
                file.seek(offset)
                data = file.read(length)
        except (OSError, ValueError) as error:
            raise UserError(f'tensor {self.name!r}: its data in {path} cannot be read: {error}') from None
        if len(data) != length:
            raise UserError(f'tensor {self.name!r}: {path} ends before its {length} bytes at {offset}')
        return data


@dataclass
class Attribute:
    """An attribute: its value is an int, float, bytes, Tensor, Graph or a list of these; `refers` to a function's."""
    name: str
    value: object
    refers: str = ''


@dataclass
class Node:
    """An operator; absent inputs and outputs are ''."""
    op_type: str = ''
    domain: str = ''
    name: str = ''
    inputs: List[str] = field(default_factory=list)
    outputs: List[str] = field(default_factory=list)
    attributes: Dict[str, Attribute] = field(default_factory=dict)

    @property
    def operator(self) -> str:
        """The operator as tables call it: 'Conv', 'com.microsoft:Gelu'."""
        return f'{self.domain}:{self.op_type}' if self.domain not in ('', 'ai.onnx') else self.op_type

    def label(self, index: int) -> str:
        """What the planner calls the node: its name, or operator and index in the file."""
        return self.name or f'{self.op_type}#{index}'


@dataclass
class Value:
    """A declared value; element_type 0: no tensor, dims None: nothing known."""
    name: str = ''
    element_type: int = 0
    dims: Optional[List[Dimension]] = None


@dataclass
class Graph:
    """A graph or the body of an operator or function. `infos` are declared types of inner and outer values."""
    nodes: List[Node] = field(default_factory=list)
    inputs: List[Value] = field(default_factory=list)
    outputs: List[Value] = field(default_factory=list)
    initializers: Dict[str, Tensor] = field(default_factory=dict)
    sparse: List[str] = field(default_factory=list)
    infos: Dict[str, Value] = field(default_factory=dict)


@dataclass
class Function:
    """An operator that the model defines by other operators."""
    name: str = ''
    domain: str = ''
    body: Graph = field(default_factory=Graph)
    defaults: Dict[str, Attribute] = field(default_factory=dict)
    opsets: Dict[str, int] = field(default_factory=dict)


@dataclass
class Model:
    """A model; opsets by domain, the default one as ''."""
    graph: Graph
    opsets: Dict[str, int]
    functions: Dict[str, Function]
    mapped: object = None  # keeps the bytes that tensors refer to


def read_model(path: str) -> Model:
    """Reads a model's graph. Raises UserError if the file cannot be read or is damaged. Time: linear in the graph."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise UserError(f'{path}: is empty')
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UserError(f'{path}: {(error.strerror or str(error)).lower()}') from None
    try:
        return _Reader(os.path.dirname(path)).model(Span(memoryview(mapped), 0, size), mapped)
    except Damaged as error:
        raise UserError(f'{path}: not a readable ONNX model: {error}') from None


class _Reader:
    def __init__(self, folder: str):
        self._folder = folder

    def model(self, span: Span, mapped: object) -> Model:
        graph, opsets, functions = None, {}, {}
        for part in fields(span):
            if part.number == 7:
                graph = self.graph(part.span(), 0)
            elif part.number == 8:
                self._opset(part.span(), opsets)
            elif part.number == 25:
                function = self._function(part.span())
                functions[Node(function.name, function.domain).operator] = function
        if graph is None:
            raise Damaged('there is no graph')
        return Model(graph, opsets, functions, mapped)

    @staticmethod
    def _opset(span: Span, opsets: Dict[str, int]) -> None:
        domain, version = '', 1
        for part in fields(span):
            if part.number == 1:
                domain = part.text()
            elif part.number == 2:
                version = part.integer()
        opsets['' if domain == 'ai.onnx' else domain] = version

    def _function(self, span: Span) -> Function:
        function = Function()
        for part in fields(span):
            if part.number == 1:
                function.name = part.text()
            elif part.number == 4:
                function.body.inputs.append(Value(part.text()))
            elif part.number == 5:
                function.body.outputs.append(Value(part.text()))
            elif part.number == 7:
                function.body.nodes.append(self._node(part.span(), 1))
            elif part.number == 9:
                self._opset(part.span(), function.opsets)
            elif part.number == 10:
                function.domain = part.text()
            elif part.number == 11:
                attribute = self._attribute(part.span(), 1)
                function.defaults[attribute.name] = attribute
        return function

    def graph(self, span: Span, depth: int) -> Graph:
        if depth > _MAX_DEPTH:
            raise Damaged(f'bodies are nested more than {_MAX_DEPTH} deep')
        graph = Graph()
        for part in fields(span):
            if part.number == 1:
                graph.nodes.append(self._node(part.span(), depth))
            elif part.number == 5:
                tensor = self.tensor(part.span())
                graph.initializers[tensor.name] = tensor
            elif part.number in (11, 12, 13):
                value = self._value(part.span())
                if part.number != 13:
                    (graph.inputs if part.number == 11 else graph.outputs).append(value)
                graph.infos[value.name] = value
            elif part.number == 15:
                for inner in fields(part.span()):
                    if inner.number == 1:
                        graph.sparse.append(self.tensor(inner.span()).name)
        return graph

    def _node(self, span: Span, depth: int) -> Node:
        node = Node()
        for part in fields(span):
            if part.number == 1:
                node.inputs.append(part.text())
            elif part.number == 2:
                node.outputs.append(part.text())
            elif part.number == 3:
                node.name = part.text()
            elif part.number == 4:
                node.op_type = part.text()
            elif part.number == 5:
                attribute = self._attribute(part.span(), depth)
                node.attributes[attribute.name] = attribute
            elif part.number == 7:
                node.domain = part.text()
        return node

    def _attribute(self, span: Span, depth: int) -> Attribute:
        name, refers, kind = '', '', 0
        single: Dict[int, object] = {}
        lists: Dict[int, list] = {7: [], 8: [], 9: [], 10: [], 11: []}
        for part in fields(span):
            if part.number == 1:
                name = part.text()
            elif part.number == 21:
                refers = part.text()
            elif part.number == 20:
                kind = part.integer()
            elif part.number == 2:
                single[2] = reals(part)[0]
            elif part.number == 3:
                single[3] = part.integer()
            elif part.number == 4:
                single[4] = part.span().bytes()
            elif part.number == 5:
                single[5] = self.tensor(part.span())
            elif part.number == 6:
                single[6] = self.graph(part.span(), depth + 1)
            elif part.number == 7:
                lists[7] += reals(part)
            elif part.number == 8:
                lists[8] += integers(part)
            elif part.number == 9:
                lists[9].append(part.span().bytes())
            elif part.number == 10:
                lists[10].append(self.tensor(part.span()))
            elif part.number == 11:
                lists[11].append(self.graph(part.span(), depth + 1))
        # AttributeType counts the fields from 1: FLOAT is field 2, ..., GRAPH field 6, FLOATS field 7, ...
        number = kind + 1 if 1 <= kind <= 10 else next(iter(single), None) or next((n for n in lists if lists[n]), 0)
        if number in lists:
            return Attribute(name, lists[number], refers)
        zero: Dict[int, object] = {2: 0.0, 3: 0, 4: b''}
        return Attribute(name, single.get(number, zero.get(number)), refers)

    def tensor(self, span: Span) -> Tensor:
        tensor, dims, external, is_external = Tensor(folder=self._folder), [], {}, False
        for part in fields(span):
            if part.number == 1:
                dims += integers(part)
            elif part.number == 2:
                tensor.element_type = part.integer()
            elif part.number in (4, 5, 7, 10, 11):
                tensor.typed.append(part)
            elif part.number == 8:
                tensor.name = part.text()
            elif part.number == 9:
                tensor.raw = part.span()
            elif part.number == 13:
                pair = {inner.number: inner.text() for inner in fields(part.span())}
                external[pair.get(1, '')] = pair.get(2, '')
            elif part.number == 14:
                is_external = part.integer() == 1
        if any(dim < 0 for dim in dims):
            raise Damaged(f'tensor {tensor.name!r} has a negative dimension')
        tensor.dims = tuple(dims)
        tensor.external = external if is_external else None
        return tensor

    @staticmethod
    def _value(span: Span) -> Value:
        value = Value()
        for part in fields(span):
            if part.number == 1:
                value.name = part.text()
            elif part.number == 2:
                for kind in fields(part.span()):
                    if kind.number == 1:
                        _tensor_type(kind.span(), value)
        return value


def _tensor_type(span: Span, value: Value) -> None:
    for part in fields(span):
        if part.number == 1:
            value.element_type = part.integer()
        elif part.number == 2:
            value.dims = []
            for dim in fields(part.span()):
                if dim.number == 1:
                    known: Dimension = ''
                    for inner in fields(dim.span()):
                        known = inner.text() if inner.number == 2 else inner.integer() if inner.number == 1 else known
                    value.dims.append(known)
