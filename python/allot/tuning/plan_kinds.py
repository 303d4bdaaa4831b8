"""What kind of plan a manifest is, and the one session that it is compared with."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional, Tuple

from ..running.cores import core_list
from ..running.manifest import DeviceHint, Manifest
from ..running.runtime import CPU

WHOLE, COPIES, SPLIT = 'whole', 'copies', 'split'

COPIES_PIPELINE = 'infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain'
"""Whole copies of the model in turn: the plan for throughput that any other has to beat."""


def kind_of(manifest: Manifest) -> str:
    """WHOLE on one device, whole COPIES in turn, or a SPLIT of any kind."""
    if any(len(lane.parts) > 1 for lane in manifest.lanes):
        return SPLIT
    return COPIES if len(manifest.lanes) > 1 else WHOLE


def plan_key(manifest: Manifest) -> Any:
    """Who runs what: equal for equal plans, whatever they were predicted to take."""
    return tuple((lane.share, tuple((part.device, part.inputs, part.outputs) for part in lane.parts)) for lane in manifest.lanes)


def count_parts(manifest: Manifest) -> int:
    """Of all lanes."""
    return sum(len(lane.parts) for lane in manifest.lanes)


def with_together(manifest: Manifest) -> Optional[Tuple[Manifest, str]]:
    """`manifest` with one device more, and its name: one session that has the threads and cores of all CPUs, as ONNX Runtime
    would use them by itself. None where that cannot be said: fewer than two CPUs, or one of unknown threads."""
    cpus = [device for device in manifest.devices.values() if device.provider == CPU]
    threads = [device.threads or len(core_list(device.cores)) for device in cpus]
    if len(cpus) < 2 or 0 in threads:
        return None
    name = '+'.join(device.name for device in cpus)
    cores = ','.join(device.cores or '' for device in cpus) if all(device.cores for device in cpus) else None
    together = DeviceHint(name, CPU, 0, sum(threads), cores)
    return dataclasses.replace(manifest, devices={**manifest.devices, name: together}), name
