"""Measures on one device what the operators of a model take.

The model runs whole, at the level that parts will run at, in a worker as parts will. First with ONNX Runtime's profile, which
tells how the time divides among kernels, then in the same session without it, because profiling slows a model down. What
profiling adds to a kernel is measured on a chain of operators that do next to nothing, and taken off; then the kernels' times are
scaled to what the run without a profile takes, less the fixed cost of a run.
"""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ..errors import RunError
from ..running.inputs import InputType, make_inputs, read_inputs
from ..running.manifest import DeviceHint
from ..running.runtime import session_settings
from ..running.shared_inputs import share_inputs
from ..running.side_file import InputSpec, warn_of_unknown
from ..running.workers import WorkerDevice, Workers, workers_for
from ..support.files import reason
from ..support.statistics import median
from .kernel_times import Base, OperatorTimes, divided_times, operator_times
from .onnx_graph import Graph, read_onnx_graph
from .profile_events import Kernel, read_profile
from .tiny_model import chain_model

_CHAIN, _BASE_WARMUP, _BASE_REPEATS = 100, 20, 100  # operators in the chain, and how often it runs
_WARMUP = 3
_FEWEST, _MOST = 10, 500
_SECONDS = 1  # what the runs with a profile take, and again those without
_MOST_EVENTS = 100000  # the runtime drops events beyond a million; a text of this many is some tens of megabytes
_COMPILED = 'contains compiled nodes'  # what ONNX Runtime says when it cannot save them
_FOR_EVER = (1 << 53) - 1  # uses of a tensor that stays in the worker for good


@dataclass(frozen=True)
class Job:
    """What to measure. repeats: None: about two seconds, at least ten runs with the profile and as many without. feeds: a
    folder of inputs, instead of seeded ones by `spec`. folder: for temporary files. say: is told what goes on."""

    model: str
    original: Graph
    level: str
    repeats: Optional[int]
    seed: int
    dims: Mapping[str, int]
    default_dim: int
    spec: InputSpec
    feeds: Optional[str]
    folder: str
    say: Callable[[str], None]


class CompiledNodes(RunError):
    """The device's provider compiles groups of nodes: their optimised model cannot be saved, and there are no times within them."""


def measure_operators(device: DeviceHint, job: Job) -> OperatorTimes:
    """Measures a job on a device. Raises RunError, for one if the device's provider does not work here, and CompiledNodes, for
    which there is measure_whole()."""
    with workers_for([WorkerDevice(device.name, device.cores)]) as workers:
        folder = tempfile.mkdtemp(dir=job.folder, prefix='operators-')
        optimised = os.path.join(folder, 'optimised.onnx')
        job.say(f'{device.name}: the cost of almost nothing')
        base = _measure_base(workers, device, job.level, folder)
        job.say(f'{device.name}: loading')
        settings = session_settings(device, job.level, profile_prefix=os.path.join(folder, 'profile'), optimized_path=optimised,
                                    config=_without_weights(folder))
        try:
            about = workers.load(device.name, 'model', os.path.abspath(job.model), settings).result()
        except RunError as error:
            raise CompiledNodes(str(error)) if _COMPILED in str(error) else error from None
        runner = _Runner(workers, device.name, 'model', about, job)
        graph = read_onnx_graph(optimised)
        first = runner.times_us(_WARMUP)
        count = job.repeats or _repeats_for(median(first) or 0.0, len(graph.nodes))
        job.say(f'{device.name}: {count} runs with a profile')
        slow = median(runner.times_us(count)) or 0.0
        profile = workers.end_profiling(device.name, 'model').result()
        job.say(f'{device.name}: {count} runs without')
        runner.times_us(1)
        wholes = runner.times_us(count)
        return operator_times(job.original, graph, _runs_in(profile)[_WARMUP:], slow, wholes, base)


def measure_whole(device: DeviceHint, job: Job, like: OperatorTimes, like_device: str) -> OperatorTimes:
    """Measures what the whole model takes on a device, and divides it among the nodes as it is on another one, `like`. Raises
    RunError."""
    with workers_for([WorkerDevice(device.name, device.cores)]) as workers:
        folder = tempfile.mkdtemp(dir=job.folder, prefix='operators-')
        base = _measure_base(workers, device, job.level, folder)
        job.say(f'{device.name}: loading')
        settings = session_settings(device, job.level, profile_prefix=os.path.join(folder, 'profile'))
        about = workers.load(device.name, 'model', os.path.abspath(job.model), settings).result()
        runner = _Runner(workers, device.name, 'model', about, job)
        first = runner.times_us(_WARMUP)
        [*_, kernels] = _runs_in(workers.end_profiling(device.name, 'model').result()) or [[]]
        count = job.repeats or _repeats_for(median(first) or 0.0, max(1, len(kernels)))
        job.say(f'{device.name}: {count} runs')
        return divided_times(runner.times_us(count), base, kernels, like, like_device)


def _runs_in(profile: str) -> List[List[Kernel]]:
    try:
        with open(profile, encoding='utf-8', errors='replace') as file:
            text = file.read()
    except OSError as error:
        raise RunError(f'the profile of ONNX Runtime cannot be read: {reason(error)}') from None
    return read_profile(text, os.path.basename(profile))


def _repeats_for(time_us: float, kernels: int) -> int:
    most = max(_FEWEST, min(_MOST, _MOST_EVENTS // max(1, kernels)))
    return max(_FEWEST, min(most, math.ceil(_SECONDS * 1e6 / max(time_us, 1.0))))


def _without_weights(folder: str) -> Dict[str, str]:
    """Settings that keep weights out of the optimised model: they go to a file that is a way to nowhere where there is one."""
    weights = 'weights.bin'
    if os.path.exists(os.devnull):
        os.symlink(os.devnull, os.path.join(folder, weights))
    return {'session.optimized_model_external_initializers_file_name': weights,
            'session.optimized_model_external_initializers_min_size_in_bytes': '1'}


def _measure_base(workers: Workers, device: DeviceHint, level: str, folder: str) -> Base:
    """What next to nothing costs on a device."""
    def load(name: str, model: bytes, prefix: Optional[str] = None) -> '_Runner':
        file = os.path.join(folder, f'{name}.onnx')
        with open(file, 'wb') as stream:
            stream.write(model)
        about = workers.load(device.name, name, file, session_settings(device, level, profile_prefix=prefix)).result()
        return _Runner(workers, device.name, name, about, None)

    single = load('single', chain_model(1))
    chain = load('chain', chain_model(_CHAIN), os.path.join(folder, 'chain'))
    chain.times_us(_BASE_WARMUP + _BASE_REPEATS)
    profile = workers.end_profiling(device.name, 'chain').result()
    for runner in (single, chain):
        runner.times_us(_BASE_WARMUP)
    one, many = (median(runner.times_us(_BASE_REPEATS)) or 0.0 for runner in (single, chain))
    least = max(0.0, many - one) / (_CHAIN - 1)
    profiled = [sum(kernel.time for kernel in run) / max(1, len(run)) for run in _runs_in(profile)[_BASE_WARMUP:]]
    return Base(fixed=max(0.0, one - least), least=least, overhead=max(0.0, (median(profiled) or 0.0) - least))


def _input_types(about: Sequence[Mapping[str, Any]]) -> List[InputType]:
    return [InputType(one['name'], one['type'], tuple(one['shape']), one['kind'].startswith('optional')) for one in about]


def _symbols_of(about: Mapping[str, Any]) -> List[str]:
    names = (size for one in (*about['inputs'], *about['outputs']) for size in one['shape'] if isinstance(size, str) and size)
    return list(dict.fromkeys(names))


class _Runner:
    """Runs a loaded part again and again on inputs that stay in the worker."""

    def __init__(self, workers: Workers, device: str, part: str, about: Mapping[str, Any], job: Optional[Job]) -> None:
        """about: what loading it gave; job: where the inputs come from, None for any."""
        self._workers, self._device, self._part = workers, device, part
        wanted = _input_types(about['inputs'])
        if job is None:
            tensors = make_inputs(wanted, InputSpec(), 1, 1)
        elif job.feeds is not None:
            tensors = read_inputs(job.feeds, wanted)
        else:
            warn_of_unknown(job.spec, job.dims, [one.name for one in wanted], _symbols_of(about))
            spec = InputSpec(job.spec.file, {**job.spec.dims, **job.dims}, job.spec.inputs)
            tensors = make_inputs(wanted, spec, job.default_dim, job.seed)
        [shared] = share_inputs(workers, [tensors])
        self._inputs = [(name, f'{part} {name}', _FOR_EVER, *value) for name, value in shared.items()]
        self._outputs = [(one['name'], one['name'], None, 0) for one in about['outputs']]

    def times_us(self, count: int) -> List[float]:
        """What `count` runs take each."""
        times: List[float] = []
        for _ in range(count):
            _, (_, fed, ran, _) = self._workers.run(self._device, self._part, self._inputs, self._outputs).result()
            times.append((ran - fed) / 1000)
        return times
