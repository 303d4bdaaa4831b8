"""Parts on workers: loaded, and checked to be what the manifest says; what a value in shared memory holds."""

from __future__ import annotations

import os
from typing import Any, Dict, Sequence

from ..errors import RunError
from .conductor import Value
from .dataflow import Dataflow, FlowPart
from .manifest import Manifest
from .run_devices import RunDevice
from .runtime import session_settings
from .tensors import Tensor, from_bytes
from .workers import Workers


def _check_metadata(manifest: Manifest, part: FlowPart, loaded: Dict[str, Any]) -> None:
    at = os.path.join(manifest.folder, part.file.file)
    takes = {value['name'] for value in (*loaded['inputs'], *loaded['overridable'])}
    makes = {value['name'] for value in loaded['outputs']}
    for name in part.file.inputs:
        if name not in takes:
            raise RunError(f'{at}: the file takes no {name}, which {manifest.file} lists')
    for name in part.file.outputs:
        if name not in makes:
            raise RunError(f'{at}: the file does not make {name}, which {manifest.file} lists')


def load_parts(workers: Workers, manifest: Manifest, flow: Dataflow, devices: Sequence[RunDevice], level: str) -> None:
    """Loads all parts, the devices at the same time; one session a device for what is the same file. Raises RunError."""
    hints = {device.name: device.hint for device in devices}
    asked = []
    for part in flow.parts:
        if part.name == part.session:
            path = os.path.join(manifest.folder, part.file.file)
            asked.append((part, workers.load(part.device, part.session, path, session_settings(hints[part.device], level))))
    for part, reply in asked:
        _check_metadata(manifest, part, reply.result())


def tensor_of(workers: Workers, value: Value) -> Tensor:
    """A copy of a tensor that lies in shared memory."""
    kind, dims, size, region = value
    assert region is not None, 'it stays on its device'
    return from_bytes(kind, dims, bytearray(workers.memory.view(region, size)))
