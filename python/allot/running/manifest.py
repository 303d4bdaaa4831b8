"""What manifest.json says of running: which parts, in which order, with which tensors between them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from ..errors import RunError

SCHEMA = 'allot.manifest/1'


@dataclass(frozen=True)
class DeviceHint:
    """How a device of the plan is asked for at run time."""

    name: str
    provider: str  # '': the target does not say
    ordinal: int
    threads: int  # 0: the runtime's choice


@dataclass(frozen=True)
class PartFile:
    """A part, and the tensors that go in and out by name."""

    name: str
    device: str
    file: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]


@dataclass(frozen=True)
class Signature:
    """What a tensor of the model's border is."""

    dtype: Optional[str]  # numpy's name where it has one; None: no tensor, or not known
    shape: Optional[Tuple[Optional[int], ...]]  # None for what is open


@dataclass(frozen=True)
class Manifest:
    """The placements of a model, each in a valid order of its parts."""

    folder: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    devices: Dict[str, DeviceHint]
    lanes: Tuple[Tuple[PartFile, ...], ...]
    signature: Dict[str, Signature]


def read_manifest(folder: str) -> Manifest:
    """Reads FOLDER/manifest.json. Raises RunError, with the path and what is wrong."""
    path = os.path.join(folder, 'manifest.json')
    try:
        with open(path, encoding='utf-8') as file:
            document = json.load(file)
    except OSError as error:
        raise RunError(f'{path}: cannot be read: {error.strerror}; save a plan with its parts and manifest') from None
    except ValueError as error:
        raise RunError(f'{path}: is no JSON: {error}') from None
    if not isinstance(document, dict) or document.get('schema') != SCHEMA:
        raise RunError(f'{path}: is no manifest of this version: its schema is not {SCHEMA}')
    try:
        return _manifest(folder, document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunError(f'{path}: is damaged: {type(error).__name__}: {error}; save the plan again') from None


def _manifest(folder: str, document: Dict[str, Any]) -> Manifest:
    devices = {}
    for device in document['devices']:
        runtime = device.get('runtime') or {}
        provider = runtime.get('provider') or ('cpu' if device.get('type') == 'cpu' else '')
        devices[device['id']] = DeviceHint(device['id'], provider, int(runtime.get('ordinal', 0)), int(runtime.get('threads', 0)))
    lanes = [_parts(document, devices)]
    lanes += [_parts(lane, devices) for lane in document.get('lanes', ())]
    signature = {name: _signature(said) for name, said in document.get('signature', {}).items()}
    return Manifest(folder, tuple(document['inputs']), tuple(document['outputs']), devices, tuple(lanes), signature)


def _parts(lane: Dict[str, Any], devices: Dict[str, DeviceHint]) -> Tuple[PartFile, ...]:
    parts: List[PartFile] = []
    for part in lane['parts']:
        if part['device'] not in devices:
            raise ValueError(f'part {part["id"]} is on {part["device"]!r}, which is no device')
        if os.path.basename(part['file']) != part['file'] or part['file'] in ('', '.', '..'):
            raise ValueError(f'part {part["id"]} is not in the folder: {part["file"]!r}')
        parts.append(PartFile(part['id'], part['device'], part['file'], tuple(part['inputs']), tuple(part['outputs'])))
    return tuple(parts)


def _signature(said: Dict[str, Any]) -> Signature:
    shape = said.get('shape')
    sizes = None if shape is None else tuple(size if isinstance(size, int) else None for size in shape)
    return Signature(None if 'kind' in said else said.get('dtype'), sizes)
