"""Models that are read and ready to be placed."""

from __future__ import annotations

import os
import warnings
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

from .errors import AllotWarning, InvalidInput
from .library import Handle, bytes_of, library
from .options import Path, Rules, Setting, make_options, pairs, several
from .plan import Plan
from .target import Target, TargetLike

_WARNING = 1  # ALLOT_WARNING


def load(model: Any, *, name: Optional[str] = None, fixed: Optional[Mapping[str, Any]] = None,
         state: Union[str, Mapping[str, str]] = 'auto', strict_shapes: bool = False, plugins: Union[None, Path, Sequence[Path]] = None) -> 'Model':
    """Reads an ONNX model, once for any number of plans.

    model: a path, the bytes of a file, or an `onnx.ModelProto` in memory. External data of the last two is looked for in
    the current folder.
    name: what messages and files call a model that has no path.
    fixed: inputs that have one value for ever, {'past_length': 0}.
    state: outputs that are inputs of the next inference, {'present': 'past'}; 'auto': by name, 'off': none. They stay on
    their device.
    strict_shapes: values whose type stays unknown are an error.
    plugins: shared libraries of cost models, whose code runs.

    Takes time in proportion to the graph; weights are not read. Warns (AllotWarning) of what the library warns of.
    Raises InvalidInput, with what is wrong and where.
    """
    settings: List[Setting] = [*several('load-plugin', plugins), *pairs('set', fixed, "{'input': 0}"),
                               ('state', state if isinstance(state, str) else _state_text(state)),
                               ('strict-shapes', strict_shapes)]
    options = make_options(settings)
    lib = library()
    if isinstance(model, (str, os.PathLike)):
        path = bytes_of(os.fspath(model), 'model')
        handle = Handle('model', lambda place: lib.check('prepare', options.value, path, place))
        return Model(handle, os.path.basename(os.fspath(model)), settings)
    data = _serialized(model)
    shown = name or 'model.onnx'
    handle = Handle('model', lambda place: lib.check('prepare_memory', options.value, data, len(data),
                                                     bytes_of(shown, 'name'), place))
    return Model(handle, shown, settings)


def _state_text(state: Mapping[str, str]) -> str:
    return ','.join(f'{output}={taken}' for output, taken in state.items()) or 'off'


def _serialized(model: Any) -> bytes:
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model)
    serialize = getattr(model, 'SerializeToString', None)
    if serialize is None:
        raise InvalidInput(f'model: {type(model).__name__} is none of a path, bytes and onnx.ModelProto')
    try:
        return bytes(serialize())
    except Exception as error:  # protobuf's, which ends at 2 GiB
        raise InvalidInput(f'model: it cannot be serialized: {error}; save it with external data and load its path') from None


def _warn(of: str, handle: Handle, stacklevel: int) -> None:
    lib = library()
    for i in range(lib.number(f'{of}_num_diagnostics', handle.value)):
        if lib.number(f'{of}_diagnostic_severity', handle.value, i) == _WARNING:
            warnings.warn(lib.text(f'{of}_diagnostic', handle.value, i), AllotWarning, stacklevel=stacklevel + 1)


class Model:
    """A model, made by `allot.load()`. It never changes, and may be used by several threads at once."""

    def __init__(self, handle: Handle, name: str, settings: List[Setting]) -> None:
        self._handle, self._settings = handle, settings
        self.name = name
        _warn('model', handle, stacklevel=3)

    @property
    def num_nodes(self) -> int:
        """How many nodes the graph has that will be placed."""
        return library().number('model_num_nodes', self._handle.value)

    @property
    def diagnostics(self) -> Tuple[str, ...]:
        """Notes and warnings of reading it, one line each."""
        return tuple(library().lines('model', self._handle.value))

    def plan(self, target: TargetLike = 'host', objective: str = 'latency', *,
             dims: Optional[Mapping[str, int]] = None, default_dim: Optional[int] = None,
             pins: Optional[Rules] = None, forbids: Optional[Rules] = None, together: Union[None, str, Sequence[str]] = None,
             start: Optional[Path] = None, contiguous: bool = False, max_parts: Optional[int] = None,
             cost_model: Optional[str] = None, costs: Union[None, Path, Sequence[Path]] = None,
             solver: Optional[str] = None, work: Optional[int] = None, seed: Optional[int] = None,
             threads: Optional[int] = None, pass_pipeline: Optional[str] = None) -> Plan:
        """Decides where every node runs.

        target: a Target, the name of a built-in machine, 'host' (this machine), the path of a target file, or its
        content as a dictionary.
        objective: 'latency', the time of one inference, or 'throughput', the period of a steady stream of them.
        dims: sizes of symbolic dimensions, {'batch': 8}; default_dim: of every other open one.
        pins, forbids: {'conv.*': 'gpu0'}, regular expressions for whole names of nodes and the device that they must, or
        must not, run on; pairs where the order or doubles matter. together: expressions of nodes that share a device.
        start: a plan to improve on, the folder that one was saved in or its plan.json.
        contiguous: parts are ranges of the graph. max_parts: at most so many.
        costs: files of measured times; cost_model, solver, pass_pipeline: names, as `allot --help` lists them.
        work: the limit of the search; the same work gives the same plan, whatever `threads` is. seed: of random choices.

        Takes from milliseconds to minutes, growing with the graph and `work`; other threads run meanwhile.
        Warns (AllotWarning) of what the library warns of. Raises InvalidInput, with what is wrong and where.
        """
        settings: List[Setting] = [*self._settings, _target_setting(target), ('objective', objective)]
        settings += pairs('dim', dims, "{'batch': 8}")
        settings += [*pairs('pin', pins, "{'conv.*': 'gpu0'}"), *pairs('forbid', forbids, "{'conv.*': 'gpu0'}")]
        settings += [*several('together', together), *several('costs', costs)]
        settings += [('default-dim', default_dim), ('start', start), ('contiguous', contiguous), ('max-parts', max_parts),
                     ('cost-model', cost_model), ('solver', solver), ('work', work), ('seed', seed), ('threads', threads),
                     ('pass-pipeline', pass_pipeline)]
        options = make_options(settings)
        lib = library()
        handle = Handle('plan', lambda place: lib.check('model_plan', self._handle.value, options.value, place))
        _warn('plan', handle, stacklevel=2)
        return Plan(handle, self.name)

    def __repr__(self) -> str:
        return f'<allot.Model {self.name}: {self.num_nodes} nodes>'


def _target_setting(target: TargetLike) -> Setting:
    if isinstance(target, Target):
        return 'target-json', target._canonical()
    if isinstance(target, Mapping):
        return 'target-json', Target.from_json(target)._canonical()
    return 'target', target
