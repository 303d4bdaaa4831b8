"""Runs a model node by node and measures each: on the host what shapes are computed from, on a backend the rest.

What an operator is lowered to is in operators_*.py; what executes that, in backends.
"""
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from . import element_types as types
from . import operators_arithmetic, operators_movement, operators_neural  # they fill the table
from .backend import Backend
from .constants import constant_of_node, constant_value, random_weights
from .errors import NoEquivalent
from .host_array import HostArray, count_of
from .host_backend import MOST_ELEMENTS, HostBackend
from .inputs import InputRules
from .onnx_reader import Attribute, Function, Graph, Model, Node
from .operator_table import OPERATORS, Operands, Operator, Value, body
from .statistics import median, spread

# A loop of more trips is not run to its end.
_MOST_TRIPS = 10000

Results = List[Optional[Value]]


@dataclass
class NodeTime:
    """What is known of a node: its time in microseconds, or None and why. `how`: measured, view, folded or missing."""
    label: str
    operator: str
    time_us: Optional[float]
    how: str
    why: str = ''
    spread: float = 0.0
    dims: str = ''


@dataclass
class _Executed:
    results: Results
    time_us: Optional[float]
    how: str
    spread: float = 0.0
    why: str = ''


@dataclass
class _Scope:
    """Values by name, with those of the graphs around. A name with None stands for a value that is not known."""
    graph: Graph
    opsets: Dict[str, int]
    outer: Optional['_Scope'] = None
    values: Dict[str, Optional[Value]] = field(default_factory=dict)

    def find(self, name: str, backend: Backend) -> Optional[Value]:
        scope: Optional[_Scope] = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            if name in scope.graph.initializers:
                value = constant_value(scope.graph.initializers[name], backend)
                scope.values[name] = value
                return value
            scope = scope.outer
        return None


class NodeRunner:
    """Runs `model` on `backend`; `repeats` samples are taken of each node, of none if 0 (times are then 0)."""

    def __init__(self, model: Model, backend: Backend, rules: InputRules, repeats: int,
                 say: Callable[[str], None] = lambda text: None):
        self._model = model
        self._backend = backend
        self._host = HostBackend()
        self._rules = rules
        self._repeats = repeats
        self._say = say
        self._calls: List[str] = []

    def run(self, inputs: Dict[str, Optional[Value]]) -> Tuple[List[NodeTime], Dict[str, Optional[Value]]]:
        """Times of all nodes of the graph in their order, and the model's results, None for those not known."""
        graph = self._model.graph
        scope = _Scope(graph, self._model.opsets, values=dict(inputs))
        last_use = _last_uses(graph)
        times: List[Optional[NodeTime]] = [None] * len(graph.nodes)
        for step, index in enumerate(_sorted(graph)):
            node = graph.nodes[index]
            self._say(f'node {step + 1} of {len(graph.nodes)}: {node.label(index)}')
            times[index] = self._top_node(node, index, scope)
            for name in last_use.get(index, ()):
                scope.values.pop(name, None)
        results = {value.name: scope.find(value.name, self._backend) for value in graph.outputs}
        return [time for time in times if time is not None], results

    def _top_node(self, node: Node, index: int, scope: _Scope) -> NodeTime:
        label = node.label(index)
        try:
            done = self._node(node, scope, self._repeats)
            self._bind(node, done.results, scope)
            shown = self._text(done.results)
            return NodeTime(label, node.operator, done.time_us, done.how, done.why, done.spread, shown)
        except NoEquivalent as reason:
            results = [self._declared(name, scope) for name in node.outputs]
            self._bind(node, results, scope)
            return NodeTime(label, node.operator, None, 'missing', str(reason), dims=self._text(results))

    def _bind(self, node: Node, results: Sequence[Optional[Value]], scope: _Scope) -> None:
        for i, name in enumerate(node.outputs):
            if name:
                scope.values[name] = results[i] if i < len(results) else None

    def _declared(self, name: str, scope: _Scope) -> Optional[Value]:
        """A value in place of one that could not be computed, if the model declares its shape."""
        info = scope.graph.infos.get(name)
        if info is None or info.dims is None or info.element_type not in types.FLOATS | types.INTEGERS:
            return None
        sizes = [self._rules.size_of(dim) for dim in info.dims]
        dims = [size for size in sizes if size is not None]
        if len(dims) != len(sizes):
            return None
        return Value(tensor=random_weights(dims, info.element_type, self._backend, name))

    def _text(self, results: Sequence[Optional[Value]]) -> str:
        shown = []
        for value in results:
            if value is not None:
                host = value.host
                kind = host.element_type if host is not None else self._backend.element_type(value.tensor)
                dims = host.dims if host is not None else self._backend.dims(value.tensor)
                shown.append(f'{types.name_of(kind)}[{",".join(map(str, dims))}]')
        return ' '.join(shown)

    def _node(self, node: Node, scope: _Scope, repeats: int) -> _Executed:
        try:
            return self._understood(node, scope, repeats)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A node that is not as its operator demands.
            raise NoEquivalent(f'it cannot be understood: {error}') from error

    def _understood(self, node: Node, scope: _Scope, repeats: int) -> _Executed:
        if node.operator == 'Constant':
            return _Executed([constant_of_node(node, self._backend)], 0.0, 'folded')
        values: Results = []
        for name in node.inputs:
            value = scope.find(name, self._backend) if name else None
            if name and value is None:
                raise NoEquivalent(f'its operand {name!r} is not known')
            values.append(value)
        function = self._model.functions.get(node.operator)
        if function is not None:
            return self._call(node, function, values, scope, repeats)
        if node.operator in ('If', 'Loop', 'Scan'):
            return {'If': self._if, 'Loop': self._loop, 'Scan': self._scan}[node.operator](node, values, scope, repeats)
        entry = OPERATORS.get(node.operator)
        if entry is None:
            raise NoEquivalent('no equivalent is known')
        opset = scope.opsets.get('' if node.domain in ('', 'ai.onnx') else node.domain, 1)
        return self._operator(entry, node, opset, values, repeats)

    def _operator(self, entry: Operator, node: Node, opset: int, values: Results, repeats: int) -> _Executed:
        device = Operands(node, opset, self._backend, values, on_host=False)
        if entry.known:
            return _Executed([Value(host=entry.lower(device)(), constant=True)], 0.0, 'folded')
        present = [value for value in values if value is not None]
        constant = all(value.constant for value in present)
        known = self._on_host(entry, node, opset, values)
        if known is not None:
            results = [_wrapped(Value(host=result, constant=constant), result) for result in known]
            if constant or entry.free:
                return _Executed(results, 0.0, 'folded' if constant else 'view')
            # They are needed on the host, but a runtime computes them on the device.
            try:
                _, time, varies = self._measure(entry, device, repeats)
            except NoEquivalent as reason:
                return _Executed(results, None, 'missing', why=str(reason))
            return _Executed(results, time, 'measured', varies)
        is_zero = constant or entry.free
        raw, time, varies = self._measure(entry, device, 0 if is_zero else repeats)
        results = [_wrapped(Value(tensor=result, constant=constant), result) for result in raw]
        how = 'folded' if constant else 'view' if entry.free else 'measured'
        return _Executed(results, 0.0 if is_zero else time, how, varies)

    def _on_host(self, entry: Operator, node: Node, opset: int, values: Results) -> Optional[list]:
        arrays = [value.host for value in values if value is not None]
        if any(array is None for array in arrays) or sum(count_of(a.dims) for a in arrays if a) > MOST_ELEMENTS:
            return None
        try:
            return _several(entry.lower(Operands(node, opset, self._host, values, on_host=True))())
        except (NoEquivalent, KeyError) + HostBackend.refusals:
            return None

    def _measure(self, entry: Operator, device: Operands, repeats: int) -> Tuple[list, float, float]:
        try:
            call = entry.lower(device)
            results = _several(call())
            samples = self._backend.time(call, repeats) if repeats > 0 else [0.0]
        except self._backend.refusals as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise NoEquivalent(f'{self._backend.name} refuses: {first}') from error
        return results, median(samples), spread(samples)

    # Operators with bodies, and functions. Their time is that of the nodes in them.

    def _body(self, graph: Graph, operands: Sequence[Optional[Value]], scope: _Scope, repeats: int
              ) -> Tuple[Results, float]:
        inner = _Scope(graph, scope.opsets, scope)
        inner.values = {declared.name: value for declared, value in zip(graph.inputs, operands)}
        total = 0.0
        for index in _sorted(graph):
            node = graph.nodes[index]
            try:
                done = self._node(node, inner, repeats)
            except NoEquivalent as reason:
                raise NoEquivalent(f'in its body, {node.label(index)}: {reason}') from reason
            if done.time_us is None:
                raise NoEquivalent(f'in its body, {node.label(index)}: {done.why}')
            total += done.time_us
            self._bind(node, done.results, inner)
        return [inner.find(value.name, self._backend) for value in graph.outputs], total

    def _call(self, node: Node, function: Function, values: Results, scope: _Scope, repeats: int) -> _Executed:
        if node.operator in self._calls:
            raise NoEquivalent('it calls itself')
        given = {**function.defaults, **node.attributes}
        operands = values + [None] * (len(function.body.inputs) - len(values))
        absent = {declared.name for declared, value in zip(function.body.inputs, operands) if value is None}
        nodes = [_bound(inner, given, absent) for inner in function.body.nodes]
        graph = Graph(nodes, function.body.inputs, function.body.outputs)
        own = _Scope(Graph(), function.opsets or scope.opsets)
        self._calls.append(node.operator)
        try:
            results, time = self._body(graph, operands, own, repeats)
        finally:
            self._calls.pop()
        return _Executed(results, time, 'measured')

    def _elements(self, value: Value) -> list:
        if value.host is None:
            value.host = self._backend.read(value.tensor)
        return value.host.data

    def _if(self, node: Node, values: Results, scope: _Scope, repeats: int) -> _Executed:
        taken = self._elements(values[0])[0]
        results, time = self._body(body(node, 'then_branch' if taken else 'else_branch'), [], scope, repeats)
        return _Executed(results, time, 'measured')

    def _loop(self, node: Node, values: Results, scope: _Scope, repeats: int) -> _Executed:
        graph = body(node, 'body')
        limit = self._elements(values[0])[0] if values and values[0] is not None else None
        alive = bool(self._elements(values[1])[0]) if len(values) > 1 and values[1] is not None else True
        carried, scanned = list(values[2:]), []
        states, trips, time = len(carried), 0, 0.0
        while alive and (limit is None or trips < limit):
            if trips >= _MOST_TRIPS:
                raise NoEquivalent(f'a loop of more than {_MOST_TRIPS} trips')
            trip, go = Value(host=HostArray((), types.INT64, [trips])), Value(host=HostArray((), types.BOOL, [True]))
            results, once = self._body(graph, [trip, go] + carried, scope, repeats if trips == 0 else 0)
            time += once
            condition = results[0]
            alive = bool(self._elements(condition)[0]) if condition is not None else True
            # The next trip computes anew what started as a constant.
            carried = [_varying(value) for value in results[1:1 + states]]
            scanned.append(results[1 + states:])
            trips += 1
        return _Executed(carried + self._stacked(scanned, len(graph.outputs) - 1 - states), time * trips, 'measured')

    def _scan(self, node: Node, values: Results, scope: _Scope, repeats: int) -> _Executed:
        graph = body(node, 'body')
        count = Operands(node, 9, self._backend, values, False).attribute('num_scan_inputs', 0)
        for name in ('scan_input_directions', 'scan_output_directions', 'scan_input_axes', 'scan_output_axes'):
            attribute = node.attributes.get(name)
            if attribute is not None and any(attribute.value or ()):
                raise NoEquivalent('a scan backwards or along another axis')
        if scope.opsets.get('', 1) < 9:
            raise NoEquivalent('a scan of version 8')
        states = len(values) - count
        carried, sources = list(values[:states]), [self._tensor(value) for value in values[states:]]
        trips, time, scanned = self._backend.dims(sources[0])[0], 0.0, []
        if trips > _MOST_TRIPS:
            raise NoEquivalent(f'a scan of more than {_MOST_TRIPS} trips')
        pieces = [self._backend.split(source, [1] * trips, 0) for source in sources]
        for trip in range(trips):
            items = [Value(tensor=self._backend.reshape(piece[trip], self._backend.dims(piece[trip])[1:]))
                     for piece in pieces]
            results, once = self._body(graph, carried + items, scope, repeats if trip == 0 else 0)
            time += once
            carried = [_varying(value) for value in results[:states]]
            scanned.append(results[states:])
        return _Executed(carried + self._stacked(scanned, len(graph.outputs) - states), time * trips, 'measured')

    def _tensor(self, value: Optional[Value]):
        if value is None:
            raise NoEquivalent('a result of its body is not known')
        if value.tensor is None:
            value.tensor = self._backend.upload(value.host)
        return value.tensor

    def _stacked(self, trips: Sequence[Results], count: int) -> Results:
        if count > 0 and not trips:
            raise NoEquivalent('a loop that collects results and never runs')
        columns = [[self._tensor(results[i]) for results in trips] for i in range(count)]
        backend = self._backend
        return [Value(tensor=backend.concat([backend.reshape(x, (1,) + tuple(backend.dims(x))) for x in column], 0))
                for column in columns]


def _several(results) -> list:
    return list(results) if isinstance(results, (tuple, list)) else [results]


def _wrapped(value: Value, result: object) -> Optional[Value]:
    return None if result is None else value


def _varying(value: Optional[Value]) -> Optional[Value]:
    return None if value is None else Value(value.host, value.tensor)


def _bound(node: Node, given: Dict[str, Attribute], absent: Set[str]) -> Node:
    """A node of a function with the attributes and absent operands of the call in place of references to them, in its
    bodies too."""
    attributes = {}
    for name, attribute in node.attributes.items():
        if attribute.refers:
            if attribute.refers in given:
                attributes[name] = Attribute(name, given[attribute.refers].value)
            continue
        value = attribute.value
        if isinstance(value, Graph):
            value = Graph([_bound(inner, given, absent) for inner in value.nodes], value.inputs, value.outputs,
                          value.initializers, value.sparse, value.infos)
        attributes[name] = Attribute(name, value)
    inputs = ['' if name in absent else name for name in node.inputs]
    return Node(node.op_type, node.domain, node.name, inputs, node.outputs, attributes)


def _uses(node: Node) -> Iterable[str]:
    """Names that a node or its bodies use; those that a body defines itself do no harm."""
    yield from node.inputs
    for attribute in node.attributes.values():
        if isinstance(attribute.value, Graph):
            for inner in attribute.value.nodes:
                yield from _uses(inner)
            yield from (value.name for value in attribute.value.outputs)


def _sorted(graph: Graph) -> List[int]:
    """Indices of nodes such that producers come first, else in the file's order. A cycle's nodes come last."""
    producer = {name: index for index, node in enumerate(graph.nodes) for name in node.outputs if name}
    order: List[int] = []
    state = [0] * len(graph.nodes)  # 1: waits for its producers, 2: done
    for root in range(len(graph.nodes)):
        stack = [root]
        while stack:
            index = stack[-1]
            if state[index] == 2:
                stack.pop()
                continue
            waits = [] if state[index] else [producer[name] for name in _uses(graph.nodes[index])
                                             if name in producer and state[producer[name]] == 0]
            state[index] = 1
            if waits:
                stack += reversed(waits)
            else:
                state[index] = 2
                order.append(index)
                stack.pop()
    return order


def _last_uses(graph: Graph) -> Dict[int, List[str]]:
    """By node, the values that nothing needs after it."""
    kept = {value.name for value in graph.outputs}
    last: Dict[str, int] = {}
    for index in _sorted(graph):
        for name in [*_uses(graph.nodes[index]), *graph.nodes[index].outputs]:
            last[name] = index
    by_node: Dict[int, List[str]] = {}
    for name, index in last.items():
        if name and name not in kept:
            by_node.setdefault(index, []).append(name)
    return by_node
