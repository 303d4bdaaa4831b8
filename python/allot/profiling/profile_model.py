"""Measures a model on the devices of a target that this machine has, as a table of costs."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ..errors import RunError
from ..running.manifest import DeviceHint
from ..running.runtime import CPU, available_providers, load_runtime, runtime_name
from ..running.side_file import read_input_spec
from ..support.files import check_writable, write_whole
from ..support.interruption import Interrupted
from ..support.temporary_folder import temporary_folder
from ..support.text import one_line
from .costs_table import print_costs
from .kernel_times import OperatorTimes
from .measure_operators import CompiledNodes, Job, measure_operators, measure_whole
from .measure_pool import Launch, PassingTime, PoolTimes, measure_pool
from .onnx_graph import read_onnx_graph
from .profile_table import Absent, Measured, Profile
from .target_devices import Device, hint_of, likeness, read_target

_CPU_PROVIDER = 'CPUExecutionProvider'


@dataclass(frozen=True)
class ProfileRequest:
    """What is asked for. target: a file or a built-in name. output: where the table goes, if anywhere. spec: a file that says
    what is valid input; feeds: a folder of inputs. each: measure also devices that are alike. say: is told what goes on."""

    model: str
    target: str
    output: Optional[str] = None
    level: str = 'all'
    repeats: Optional[int] = None
    seed: int = 1
    dims: Mapping[str, int] = field(default_factory=dict)
    default_dim: int = 1
    spec: Optional[str] = None
    feeds: Optional[str] = None
    each: bool = False
    objective: str = 'latency'
    say: Callable[[str], None] = lambda text: None


def profile_model(asked: ProfileRequest) -> Profile:
    """Measures, and writes the table if that is asked for. Raises AllotError, also if no device is here."""
    if asked.output is not None:
        check_writable(asked.output)
    original = read_onnx_graph(asked.model)
    target = read_target(asked.target)
    ort = load_runtime()
    spec = read_input_spec(asked.model, asked.spec)
    with temporary_folder() as folder:
        job = Job(asked.model, original, asked.level, asked.repeats, asked.seed, asked.dims, asked.default_dim, spec, asked.feeds,
                  folder, asked.say)
        groups = _groups(target['devices'], asked.each)
        found = _measure_groups(groups, ort, job)
        measured: List[Measured] = []
        absent: List[Absent] = []
        for group, times in zip(groups, found):
            names = [device.name for device in group]
            if isinstance(times, str):
                absent.append(Absent(names, times))
            else:
                measured.append(Measured(names, times))
        if not measured:
            raise RunError(f'no device of target {target.get("name")} can be measured here: {absent[0].why}')
        pool = _measure_pool_of([group for group, times in zip(groups, found) if not isinstance(times, str)], job)
    profile = Profile(asked.model, str(target.get('name')), asked.level, asked.objective, {**spec.dims, **asked.dims},
                      asked.default_dim, len(original.nodes), measured, absent, pool)
    if asked.output is not None:
        write_whole(asked.output, print_costs(profile.comments(), profile.rows()))
    return profile


def _groups(devices: Sequence[Device], each: bool) -> List[List[DeviceHint]]:
    """Devices that are measured together: those that are alike, or each for itself."""
    groups: Dict[str, List[DeviceHint]] = {}
    for device in devices:
        groups.setdefault(device['name'] if each else likeness(device), []).append(hint_of(device))
    return list(groups.values())


def _measure_groups(groups: Sequence[Sequence[DeviceHint]], ort: Any, job: Job) -> List[Union[OperatorTimes, str]]:
    """What the first of each group takes, or why it is not there. Those that tell no times of nodes come last: they need one that
    does, a CPU if there is one."""
    found: Dict[str, Union[OperatorTimes, str]] = {}
    later: List[DeviceHint] = []
    for first, *_ in groups:
        try:
            found[first.name] = _measure_group(first, ort, functools.partial(measure_operators, job=job))
        except CompiledNodes:
            later.append(first)
    tell = [(first.provider != CPU, i, first.name) for i, (first, *_) in enumerate(groups) if isinstance(found.get(first.name), OperatorTimes)]
    for first in later:
        if not tell:
            found[first.name] = 'its provider tells no times of nodes, and the target has no other device here that says how to divide the whole'
            continue
        _, _, name = min(tell)
        like = found[name]
        assert isinstance(like, OperatorTimes)
        found[first.name] = _measure_group(first, ort, functools.partial(measure_whole, job=job, like=like, like_device=name))
    return [found[first.name] for first, *_ in groups]


def _measure_group(first: DeviceHint, ort: Any, measure: Callable[[DeviceHint], OperatorTimes]) -> Union[OperatorTimes, str]:
    """What the first of a group takes, or why it is not there. Raises CompiledNodes."""
    if not first.provider:
        return 'the target names no runtime.provider for it'
    if runtime_name(first.provider, ort.get_available_providers()) is None:
        return f'this ONNX Runtime lacks the provider {first.provider} (it has {", ".join(available_providers(ort))})'
    if first.provider == CPU:
        return measure(first)
    try:
        found = measure(first)
    except (Interrupted, CompiledNodes):
        raise
    except RunError as error:
        return _reason(str(error), first.name)
    if all(name == _CPU_PROVIDER for name in found.providers):
        return f'no kernel ran on provider {first.provider}'
    return found


def _reason(message: str, device: str) -> str:
    """What a worker's error says of the device, without the name of a temporary file."""
    text = one_line(message)
    own = f'device {device}: '
    text = text[len(own):] if text.startswith(own) else text
    return text.split(': ', 1)[1] if text.startswith('load ') and ': ' in text else text


def _measure_pool_of(groups: Sequence[Sequence[DeviceHint]], job: Job) -> PoolTimes:
    """Launches and transfers for all devices of `groups`, measured for one or two of each."""
    devices = [device for group in groups for device in group]
    group_of = {device.name: g for g, group in enumerate(groups) for device in group}
    pairs = [(source.name, other.name) for source in devices for other in devices if source.name != other.name]
    stands_for: Dict[Tuple[int, int], Tuple[str, str]] = {}
    for source, other in pairs:
        stands_for.setdefault((group_of[source], group_of[other]), (source, other))
    needed = {group[0].name for group in groups}.union(*stands_for.values())
    found = measure_pool([device for device in devices if device.name in needed], list(stands_for.values()), job.level, job.folder, job.say)
    launch_of = {launch.device: launch for launch in found.launches}
    launches: List[Launch] = [replace(launch_of[groups[group_of[device.name]][0].name], device=device.name) for device in devices]
    transfers: List[PassingTime] = []
    for source, other in pairs:
        measured = stands_for[group_of[source], group_of[other]]
        transfers += [replace(one, device=source, to=other) for one in found.transfers if (one.device, one.to) == measured]
    return PoolTimes(launches, transfers)
