"""Machines: read, built in, this one, or described in code."""

from __future__ import annotations

import copy
import json
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from .errors import InvalidInput
from .library import Handle, bytes_of, library

Quantity = Union[int, float, str]  # 65536, '64KiB', '19.5T', '25GB/s'


class Target:
    """A machine: devices, the links between them, and rules of what may run where.

    The words are those of a target file (docs/target.md). Quantities are numbers in bytes, operations per second and
    bytes per second, or texts with a prefix: '40GiB', '19.5T', '1555GB/s'. Nothing is checked until the machine is used,
    by the library, whose error says where: `mine: devices[1].memory: must be positive`.

        Target('mine').add_cpu('cpu0', memory='64GiB', flops='1.7T', memory_bandwidth='51GB/s')
                      .add_gpu('gpu0', memory='10GiB', flops={'float32': '30T', 'default': '15T'}, memory_bandwidth='760GB/s')
                      .link('cpu0', 'gpu0', bandwidth='25GB/s', latency_us=10)
    """

    def __init__(self, name: str) -> None:
        """An empty machine, to be filled by the methods below, each of which returns it."""
        self._document: Dict[str, Any] = {'schema': 'allot.target/1', 'name': name, 'devices': []}

    # ---- machines that are there ----

    @classmethod
    def from_json(cls, source: Union[str, 'os.PathLike[str]', Mapping[str, Any]]) -> 'Target':
        """The machine of a target file, by its path, or of the same as a dictionary. Raises InvalidInput."""
        if isinstance(source, Mapping):
            return cls._of_text(_json_text(source), 'target')
        path = os.fspath(source)
        try:
            with open(path, encoding='utf-8') as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f'{path}: cannot be read: {getattr(error, "strerror", None) or error}') from None
        return cls._of_text(text, path)

    @classmethod
    def builtin(cls, name: str) -> 'Target':
        """A machine that is built in, 'cpu-2gpu'; `builtin_names()` lists them. Raises InvalidInput."""
        if name not in cls.builtin_names():
            raise InvalidInput(f'{name!r} is no built-in target: there are {", ".join(cls.builtin_names())}')
        return cls._load(name)

    @staticmethod
    def builtin_names() -> List[str]:
        """The names that `builtin()` knows, in alphabetical order."""
        lib = library()
        return [lib.text('builtin_target', i) for i in range(lib.number('num_builtin_targets'))]

    @classmethod
    def host(cls, cpus: Optional[Sequence[int]] = None, gpus: Optional[int] = None) -> 'Target':
        """This machine, as far as the system tells without measuring.

        cpus: how many cores each CPU device gets, [1, 1] for two of one core; one device with all of them if None.
        gpus: how many GPUs count; all if None. Raises InvalidInput, with what this machine has.
        """
        told = []
        if cpus is not None:
            told.append('cpus=' + '+'.join(str(count) for count in cpus))
        if gpus is not None:
            told.append(f'gpus={gpus}')
        return cls._load('host' + (':' + ','.join(told) if told else ''))

    # ---- machines described in code ----

    def add_device(self, name: str, kind: str, *, memory: Quantity, flops: Union[Quantity, Mapping[str, Quantity]],
                   memory_bandwidth: Quantity, **more: Any) -> 'Target':
        """Adds a device.

        kind: 'cpu', 'gpu', 'npu' or another name. memory: bytes of weights and activations together. flops: operations
        per second, a multiply-add counting two, by type or one rate for all. memory_bandwidth: bytes per second.
        more: host, part_cost_us, op_cost_us, max_parts, copies, supports, runtime, note, as in a target file.
        """
        rates = dict(flops) if isinstance(flops, Mapping) else {'default': flops}
        self._document['devices'].append({'name': name, 'kind': kind, 'memory': memory, 'flops': rates,
                                          'memory_bandwidth': memory_bandwidth, **more})
        return self

    def add_cpu(self, name: str, *, memory: Quantity, flops: Union[Quantity, Mapping[str, Quantity]],
                memory_bandwidth: Quantity, **more: Any) -> 'Target':
        """Adds a CPU; `plan.run()` runs its parts on ONNX Runtime's CPU provider. See add_device()."""
        more.setdefault('runtime', {'provider': 'cpu'})
        return self.add_device(name, 'cpu', memory=memory, flops=flops, memory_bandwidth=memory_bandwidth, **more)

    def add_gpu(self, name: str, *, memory: Quantity, flops: Union[Quantity, Mapping[str, Quantity]],
                memory_bandwidth: Quantity, **more: Any) -> 'Target':
        """Adds a GPU, NVIDIA's next one if `runtime` does not say otherwise. See add_device()."""
        if 'runtime' not in more:
            taken = sum(device.get('runtime', {}).get('provider') == 'cuda' for device in self._document['devices'])
            more['runtime'] = {'provider': 'cuda', 'ordinal': taken}
        return self.add_device(name, 'gpu', memory=memory, flops=flops, memory_bandwidth=memory_bandwidth, **more)

    def add_switch(self, name: str) -> 'Target':
        """Adds a point that passes data on without storing it, as a root of PCIe does."""
        self._topology().setdefault('switches', []).append(name)
        return self

    def link(self, a: str, b: str, *, bandwidth: Quantity, latency_us: float = 0, **more: Any) -> 'Target':
        """Joins two devices or switches, both ways.

        bandwidth: bytes per second in each direction. latency_us: microseconds. more: duplex, channel, note.
        """
        self._topology().setdefault('links', []).append(
            {'from': a, 'to': b, 'bandwidth': bandwidth, 'latency_us': latency_us, **more})
        return self

    def add_rule(self, **rule: Any) -> 'Target':
        """Adds a rule, add_rule(pin='gpu0', name='conv.*'), add_rule(forbid='npu0', op='Softmax')."""
        self._document.setdefault('rules', []).append(rule)
        return self

    # ---- what is known of it ----

    @property
    def name(self) -> str:
        """What outputs call the machine."""
        return str(self._document.get('name', ''))

    @property
    def devices(self) -> List[str]:
        """The names of its devices, in order."""
        return [device['name'] for device in self._document['devices']]

    def to_json(self) -> Dict[str, Any]:
        """The whole machine as a dictionary, as a target file has it. Raises InvalidInput if the machine is wrong."""
        return dict(json.loads(self._canonical()))

    def save(self, path: Union[str, 'os.PathLike[str]']) -> None:
        """Writes it as a target file, which the programs take too. Raises InvalidInput, OSError."""
        text = self._canonical()
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Target) and self._document == other._document

    __hash__ = None  # type: ignore[assignment]  # it may change

    def __repr__(self) -> str:
        return f'<allot.Target {self.name}: {", ".join(self.devices)}>'

    # ---- inside ----

    def _topology(self) -> Dict[str, Any]:
        topology: Dict[str, Any] = self._document.setdefault('topology', {})
        return topology

    def _canonical(self) -> str:
        return _canonical(_json_text(self._document), self.name or 'target')

    @classmethod
    def _of_text(cls, text: str, name: str) -> 'Target':
        return cls._of_canonical(_canonical(text, name))

    @classmethod
    def _load(cls, name: str) -> 'Target':
        lib = library()
        handle = Handle('target', lambda place: lib.check('target_load', bytes_of(name, 'target'), place))
        return cls._of_canonical(lib.text('target_json', handle.value))

    @classmethod
    def _of_canonical(cls, text: str) -> 'Target':
        document = json.loads(text)
        target = cls(document['name'])
        target._document = document
        return target

    def __copy__(self) -> 'Target':
        return copy.deepcopy(self)


def _json_text(document: Any) -> str:
    try:
        return json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f'target: it cannot be written as JSON: {error}') from None


def _canonical(text: str, name: str) -> str:
    lib = library()
    handle = Handle('target', lambda place: lib.check('target_parse', bytes_of(text, name), bytes_of(name, 'name'), place))
    return lib.text('target_json', handle.value)


# What `plan(target=...)` takes.
TargetLike = Union[Target, str, 'os.PathLike[str]', Mapping[str, Any]]
