"""The devices of a target, as the planner sees them."""

from __future__ import annotations

import json
import os
from typing import Any, Dict

from ..errors import InvalidInput
from ..running.cores import core_list
from ..running.manifest import DeviceHint
from ..support.allot_program import find_allot, run_allot
from ..support.files import read_input, reason

Device = Dict[str, Any]
"""A device of a target's JSON."""


def read_target(name: str) -> Dict[str, Any]:
    """The target called `name`, a file or a built-in name, as its JSON document in canonical form. Without the planner's program
    it must be a file, which is then read as it is. Raises AllotError if there is no such target."""
    program = find_allot()
    if program is not None:
        return _document(run_allot([f'--target={name}', '--print-target']), f'{program} --target={name} --print-target')
    try:
        text = read_input(name).decode(errors='replace')
    except OSError as error:
        raise InvalidInput(f'--target={name}: {reason(error)}; a built-in target needs the program allot: set ALLOT to its path') from None
    return _document(text, name)


def read_target_document(name: str) -> Dict[str, Any]:
    """The same with what a file says besides, its notes. Raises AllotError."""
    canonical = read_target(name)
    if not os.path.isfile(name):
        return canonical
    try:
        return _document(read_input(name).decode(errors='replace'), name)
    except OSError as error:
        raise InvalidInput(f'--target={name}: {reason(error)}') from None


def _document(text: str, place: str) -> Dict[str, Any]:
    try:
        target = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f'{place}: {error}') from None
    devices = target.get('devices') if isinstance(target, dict) else None
    if not isinstance(devices, list) or not devices or not all(
            isinstance(device, dict) and isinstance(device.get('name'), str) for device in devices):
        raise InvalidInput(f'{place}: not a target: "devices" is missing, empty, or has one without a name')
    return dict(target)


def hint_of(device: Device) -> DeviceHint:
    """How a device is asked for at run time: its provider is the one that it names, for a CPU that names none 'cpu', else ''."""
    runtime = device.get('runtime') or {}
    provider = runtime.get('provider') or ('cpu' if device.get('kind') == 'cpu' else '')
    return DeviceHint(device['name'], provider, int(runtime.get('ordinal', 0)), int(runtime.get('threads', 0)), runtime.get('cores'),
                      kind=str(device.get('kind', '')))


def likeness(device: Device) -> str:
    """A text that is equal for devices on which an operator takes the same time: all of a device's description but its name,
    its memory, and which cores or which of several equal accelerators it is."""
    runtime = device.get('runtime') or {}
    rest = {key: value for key, value in device.items() if key not in ('name', 'memory', 'note', 'runtime')}
    rest['runtime'] = [runtime.get('provider'), runtime.get('threads'), len(core_list(runtime.get('cores')))]
    return json.dumps(rest, sort_keys=True)
