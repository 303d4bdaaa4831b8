"""Which host runs which device: a hostfile, joined with what the manifest says.

A line is `HOST [slots=N] [devices=NAME,NAME,...]`; `#` begins a comment. Devices that neither a line nor the manifest gives a
host go to the hosts in their order, `slots` of them (1 if it is not said) to each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Dict, List, NoReturn, Optional, Sequence, Tuple

from ...errors import RunError
from ...support.files import read_input, reason
from ...support.nearest_name import suggestion
from ..manifest import DeviceHint

_HOST = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*')
_MOST_SLOTS = 4096


@dataclass(frozen=True)
class Host:
    """A line of a hostfile. `devices`: those that it names."""

    name: str
    slots: Optional[int]
    devices: Tuple[str, ...]
    line: int


@dataclass(frozen=True)
class HostDevices:
    """A host, and the devices that it runs, each by a rank."""

    name: str
    devices: Tuple[str, ...]


def read_hostfile(path: str) -> List[Host]:
    """The hosts of a file, in its order. Raises RunError with file and line."""
    try:
        text = read_input(path).decode('utf-8')
    except (OSError, ValueError) as error:
        raise RunError(f'--hosts={path}: {reason(error)}') from None
    hosts: List[Host] = []
    for number, line in enumerate(text.split('\n'), 1):
        words = line.split('#')[0].split()
        if not words:
            continue
        host = _host(path, number, words)
        if host.name in (other.name for other in hosts):
            raise RunError(f'{path}:{number}: host {host.name} is there twice; write it once, with all its devices')
        hosts.append(host)
    if not hosts:
        raise RunError(f'{path}: names no host; write a line for each: HOST slots=N devices=NAME,...')
    return hosts


def _host(path: str, number: int, words: Sequence[str]) -> Host:
    def wrong(what: str) -> NoReturn:
        raise RunError(f'{path}:{number}: {what}; a line is HOST [slots=N] [devices=NAME,...]')

    if not _HOST.fullmatch(words[0]):
        wrong(f"'{words[0][:80]}' is no name or address of a host")
    host = Host(words[0], None, (), number)
    for word in words[1:]:
        key, _, value = word.partition('=')
        if key == 'slots':
            if not re.fullmatch('[0-9]{1,5}', value) or not 0 < int(value) <= _MOST_SLOTS:
                wrong(f"'{word[:80]}': expected slots=N with N from 1 to {_MOST_SLOTS}")
            host = replace(host, slots=int(value))
        elif key == 'devices':
            names = tuple(value.split(','))
            if not all(names) or len(set(names)) < len(names):
                wrong(f"'{word[:80]}': expected devices=NAME,NAME,... with each name once")
            host = replace(host, devices=names)
        else:
            wrong(f"'{word[:80]}' is not known")
    return host


def assign_devices(path: str, hosts: Sequence[Host], devices: Sequence[DeviceHint]) -> List[HostDevices]:
    """Which of `devices`, in their order, each host runs; hosts without any are left out. Raises RunError for a device that has
    no host, or two."""
    names = [device.name for device in devices]
    home = _named(path, hosts, devices)
    free = [host.name for host in hosts
            for _ in range((host.slots or max(1, len(host.devices))) - sum(one == host.name for one in home.values()))]
    for name in names:
        if name not in home:
            if not free:
                raise RunError(f'{path}: no host is left for device {name}; add a line, or slots=N to one '
                               f'({len(names)} devices run parts: {", ".join(names)})')
            home[name] = free.pop(0)
    return [one for one in (HostDevices(host.name, tuple(name for name in names if home[name] == host.name)) for host in hosts)
            if one.devices]


def _named(path: str, hosts: Sequence[Host], devices: Sequence[DeviceHint]) -> Dict[str, str]:
    """device -> host, of what is said."""
    home: Dict[str, str] = {}
    used = {device.name: device for device in devices}
    for host in hosts:
        for name in host.devices:
            if name in home:
                raise RunError(f'{path}:{host.line}: device {name} is on hosts {home[name]} and {host.name}')
            if name in used:  # others may run no part of this plan
                home[name] = host.name
    there = [host.name for host in hosts]
    for device in devices:
        if device.host is None or device.name in home:
            continue
        if device.host not in there:
            raise RunError(f'{path}: device {device.name} is in host {device.host}, which has no line{suggestion(device.host, there)}')
        home[device.name] = device.host
    for host in hosts:
        count = sum(one == host.name for one in home.values())
        if host.slots is not None and count > host.slots:
            raise RunError(f'{path}:{host.line}: host {host.name} has slots={host.slots} and {count} devices')
    return home
