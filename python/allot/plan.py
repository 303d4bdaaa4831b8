"""Plans: where and when every node runs, why, and what it is predicted to take."""

from __future__ import annotations

import difflib
import functools
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .errors import InvalidInput
from .library import Handle, bytes_of, library, read_text
from .options import Path, make_options
from .report import html_frame

if TYPE_CHECKING:
    from .running import Runner

_PS = 1e12  # picoseconds in a second


@dataclass(frozen=True)
class Device:
    """A device of the machine and what the plan asks of it. Where placements take turns, of all of them together."""

    name: str
    kind: str  # 'cpu', 'gpu', ...
    load: float  # the share of `plan.value` in which it is busy, 0 to 1
    busy_ps: int  # picoseconds of one inference in which it works
    memory: int  # bytes that it has
    weight_bytes: int  # bytes of weights on it
    peak_bytes: int  # bytes of weights and activations on it, at most

    @property
    def busy(self) -> float:
        """Seconds of one inference in which it works."""
        return self.busy_ps / _PS


@dataclass(frozen=True)
class Part:
    """Nodes that run on one device as one ONNX model."""

    index: int  # in launch order
    device: str
    nodes: Tuple[str, ...]  # names, in the order of the graph
    bytes: int  # of the weights that it uses
    start_ps: int
    end_ps: int

    @property
    def start(self) -> float:
        """Seconds from the beginning of an inference, predicted."""
        return self.start_ps / _PS

    @property
    def end(self) -> float:
        """Seconds from the beginning of an inference, predicted."""
        return self.end_ps / _PS


@dataclass(frozen=True)
class Node:
    """A node of the graph that was placed."""

    name: str  # or 'Conv#12', its operator and its place in the file, if it has none
    operator: str
    device: Optional[str]  # None: copied to every part that uses it
    part: Optional[int]  # index of its part; None likewise
    start_ps: int
    end_ps: int
    reason: str  # why it is on its device; '' if it is copied


@dataclass(frozen=True)
class Transfer:
    """A tensor on its way from device to device."""

    tensor: str
    source: str
    destination: str
    bytes: int
    start_ps: int
    end_ps: int


@dataclass(frozen=True)
class Tensor:
    """What an input or output of the model is."""

    dtype: Optional[str]  # 'float32', as numpy and ONNX call it; None: no tensor, or not known
    shape: Optional[Tuple[Union[int, str, None], ...]]  # a size, a name, or None for what is open; None: not known


class Plan:
    """A model placed on a machine, made by `Model.plan()`. It never changes, and may be used by several threads at once.

    Times are seconds, those that end in _ps exact picoseconds. In a notebook it shows its report.
    """

    def __init__(self, handle: Handle, model_name: str) -> None:
        self._handle, self._model_name = handle, model_name
        self._saved: Optional[Tuple[str, bytes]] = None  # folder, manifest

    # ---- what it is worth ----

    @property
    def objective(self) -> str:
        """'latency' or 'throughput'."""
        return ('latency', 'throughput')[library().number('plan_objective', self._handle.value)]

    @property
    def value_ps(self) -> int:
        """`value` in picoseconds."""
        return self._number('value_ps')

    @property
    def value(self) -> float:
        """Seconds that one inference takes (latency), or from one to the next in a steady stream (throughput), predicted."""
        return self.value_ps / _PS

    @property
    def bound_ps(self) -> int:
        """`bound` in picoseconds."""
        return self._number('bound_ps')

    @property
    def bound(self) -> float:
        """Seconds that no plan can be below, proven for this machine and these costs. Never above `value`."""
        return self.bound_ps / _PS

    @property
    def gap(self) -> float:
        """(value - bound) / value; 0: proven to be optimal."""
        return (self.value_ps - self.bound_ps) / self.value_ps if self.value_ps else 0.0

    @property
    def solver(self) -> str:
        """What found the plan."""
        return self._text('solver')

    @property
    def bound_name(self) -> str:
        """What proved the bound."""
        return self._text('bound_name')

    @property
    def pass_pipeline(self) -> str:
        """The passes that were run, with every option written out."""
        return self._text('pipeline')

    @property
    def diagnostics(self) -> Tuple[str, ...]:
        """Notes and warnings of making it, one line each."""
        return tuple(library().lines('plan', self._handle.value))

    # ---- what is where ----

    @functools.cached_property
    def devices(self) -> Tuple[Device, ...]:
        """The devices of the machine, in its order; those that get nothing too."""
        value = self.value_ps
        return tuple(
            Device(self._text('device_name', i), self._text('device_kind', i),
                   self._number('device_busy_ps', i) / value if value else 0.0, self._number('device_busy_ps', i),
                   self._number('device_memory_bytes', i), self._number('device_resident_bytes', i),
                   self._number('device_peak_bytes', i))
            for i in range(self._number('num_devices')))

    @functools.cached_property
    def nodes(self) -> Tuple[Node, ...]:
        """The nodes, in the order of the graph that was placed. Where placements take turns, as the first has them."""
        rows = []
        for i in range(self._number('num_nodes')):
            device, part = self._number('node_device', i), self._number('node_part', i)
            rows.append(Node(self._text('node_name', i), self._text('node_operator', i),
                             None if device < 0 else self._device_names[device], None if part < 0 else part,
                             self._number('node_start_ps', i), self._number('node_end_ps', i), self._text('node_reason', i)))
        return tuple(rows)

    @functools.cached_property
    def parts(self) -> Tuple[Part, ...]:
        """The parts, in launch order. Where placements take turns, those of the first."""
        names: Dict[int, List[str]] = {}
        for node in self.nodes:
            if node.part is not None:
                names.setdefault(node.part, []).append(node.name)
        return tuple(
            Part(i, self._device_names[self._number('part_device', i)], tuple(names.get(i, ())),
                 self._number('part_weight_bytes', i), self._number('part_start_ps', i), self._number('part_end_ps', i))
            for i in range(self._number('num_parts')))

    @functools.cached_property
    def transfers(self) -> Tuple[Transfer, ...]:
        """The tensors that change device, by start. Where placements take turns, those of the first."""
        return tuple(
            Transfer(self._text('transfer_tensor', i), self._device_names[self._number('transfer_from', i)],
                     self._device_names[self._number('transfer_to', i)], self._number('transfer_bytes', i),
                     self._number('transfer_start_ps', i), self._number('transfer_end_ps', i))
            for i in range(self._number('num_transfers')))

    @property
    def inputs(self) -> Dict[str, Tensor]:
        """The inputs of the model, in order; weights that may be overridden are none."""
        return self._tensors('inputs')

    @property
    def outputs(self) -> Dict[str, Tensor]:
        """The outputs of the model, in order."""
        return self._tensors('outputs')

    def explain(self, node: str) -> str:
        """Why a node is on its device, in a sentence. Raises InvalidInput if there is no such node."""
        found = [row for row in self.nodes if row.name == node]
        if not found:
            near = difflib.get_close_matches(node, [row.name for row in self.nodes], n=1)
            raise InvalidInput(f'{self._model_name}: there is no node {node!r}' + (f'; did you mean {near[0]!r}?' if near else ''))
        return '\n'.join(row.reason or 'copied to every part that uses it' for row in found)

    def to_json(self) -> Dict[str, Any]:
        """All of it, as plan.json has it (docs/outputs.md)."""
        return dict(json.loads(self._emitted('plan')))

    # ---- what is made of it ----

    def save(self, folder: Path, *, emit: Union[None, str, Sequence[str]] = None, external_data: str = 'reference',
             force: bool = False) -> None:
        """Writes what `allot -o FOLDER` writes, whole or not at all: parts, manifest.json, plan.json, the report and so on.

        emit: names of outputs, 'parts,manifest' or a list; None: all that is not made on request only.
        external_data: 'embed' copies the model's external data into the parts. force: may replace files that Allot did not
        write. Raises InvalidInput, and leaves the folder as it was then.
        """
        options = make_options([('external-data', external_data), ('force', force)])
        chosen = '' if emit is None else emit if isinstance(emit, str) else ','.join(emit)
        path = os.path.abspath(os.fspath(folder))
        library().check('plan_write_as', self._handle.value, options.value, bytes_of(os.fspath(folder), 'folder'),
                        bytes_of(chosen, 'emit'))
        names = {name.partition('{')[0].strip() for name in chosen.split(',')}
        if not chosen or {'parts', 'manifest'} <= names:
            with open(os.path.join(path, 'manifest.json'), 'rb') as file:
                self._saved = path, file.read()

    def run(self, inputs: Mapping[str, Any], *, on: Optional[str] = None, lane: int = 0) -> Dict[str, Any]:
        """Runs the parts in ONNX Runtime, one after the other, in this process.

        inputs: arrays by name, or what numpy makes arrays of. Returns the model's outputs by name, as numpy arrays.
        on='cpu': run every part on the CPU, whatever its device is. lane: where placements take turns, which of them.

        Runs the files of the last save(); of a plan that was not saved they are written into a temporary folder,
        which goes when the plan does. The first call loads the parts. Raises InvalidInput if the inputs are not the
        model's, RunError if the parts do not run here.
        """
        return self._runner(on).run(inputs, lane=lane)

    def _runner(self, on: Optional[str]) -> 'Runner':
        from .running import plan_runner  # it needs what placing does not
        return plan_runner(self, on)

    # ---- showing ----

    def report(self) -> str:
        """The report as a page of HTML, complete in itself (docs/report.md)."""
        return self._emitted('report')

    def _repr_html_(self) -> str:
        return html_frame(self.report(), str(self))

    def __str__(self) -> str:
        used = [device.name for device in self.devices if device.busy_ps]
        return (f'{self._model_name}: {_duration(self.value_ps)} '
                f'{"from one inference to the next" if self.objective == "throughput" else "for one inference"} '
                f'on {", ".join(used)}; no plan is below {_duration(self.bound_ps)}')

    def __repr__(self) -> str:
        return f'<allot.Plan {self}>'

    # ---- inside ----

    @functools.cached_property
    def _device_names(self) -> Tuple[str, ...]:
        return tuple(self._text('device_name', i) for i in range(self._number('num_devices')))

    def _text(self, name: str, *index: int) -> str:
        return library().text('plan_' + name, self._handle.value, *index)

    def _number(self, name: str, *index: int) -> int:
        return library().number('plan_' + name, self._handle.value, *index)

    def _tensors(self, which: str) -> Dict[str, Tensor]:
        manifest = json.loads(self._emitted('manifest'))
        said = {name: manifest['signature'].get(name, {}) for name in manifest[which]}
        return {name: Tensor(None if 'kind' in tensor else tensor.get('dtype'),
                             tuple(tensor['shape']) if 'shape' in tensor else None) for name, tensor in said.items()}

    def _emitted(self, emit: str) -> str:
        return read_text('plan_text', self._handle.value, emit.encode())


def _duration(picoseconds: int) -> str:
    for unit, size in (('s', 10**12), ('ms', 10**9), ('us', 10**6)):
        if picoseconds >= size:
            return f'{picoseconds / size:.4g} {unit}'
    return f'{picoseconds / 10**3:.4g} ns'
