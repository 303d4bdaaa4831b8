"""The devices of a plan as this machine runs them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, List, Sequence

from .manifest import DeviceHint
from .runtime import CPU, check_device
from .workers import WorkerDevice

ON_CPU = '--on=cpu'


@dataclass(frozen=True)
class RunDevice:
    """A device, and whether its parts run on a CPU instead: then this is not what the plan was made for."""

    hint: DeviceHint
    moved: bool = False

    @property
    def name(self) -> str:
        """Of the device."""
        return self.hint.name

    def worker(self) -> WorkerDevice:
        """What runs it."""
        return WorkerDevice(self.hint.name, self.hint.cores)


def run_devices(ort: Any, hints: Sequence[DeviceHint], on_cpu: bool) -> List[RunDevice]:
    """`on_cpu` runs the parts of every device on the CPU: right results, times of a CPU. Raises RunError."""
    devices = asked_devices(hints, on_cpu)
    for device in devices:
        if not device.moved:
            check_device(ort, device.hint, ON_CPU)
    return devices


def asked_devices(hints: Sequence[DeviceHint], on_cpu: bool) -> List[RunDevice]:
    """The same of devices that are elsewhere: whether their providers are there, who runs them will see."""
    return [RunDevice(dataclasses.replace(hint, provider=CPU, ordinal=0, threads=1, cores=None), moved=True)
            if on_cpu and hint.provider != CPU else RunDevice(hint) for hint in hints]
