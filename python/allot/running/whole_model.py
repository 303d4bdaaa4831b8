"""The model that a plan was made of, in one session: as a part of its own, and what it makes of inputs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from ..errors import RunError
from .conductor import Conductor, Sample
from .dataflow import make_dataflow
from .inputs import Inputs, InputType, make_input
from .manifest import Lane, Manifest, PartFile, StatePair
from .part_loading import load_parts, tensor_of
from .run_devices import RunDevice
from .runtime import session_settings
from .shared_inputs import share_inputs
from .state_flow import state_homes
from .step_stream import collect_steps
from .tensors import Tensor
from .workers import workers_for


def whole_lanes(manifest: Manifest, device: str) -> Tuple[Lane, ...]:
    """The manifest's model as one part, on one device. Raises RunError where that cannot be."""
    if manifest.model_path is None:
        raise RunError(f'{manifest.file} names no model; make the parts from a file, not from standard input')
    if os.path.exists(manifest.model_path) and not os.path.isfile(manifest.model_path):
        raise RunError(f'{manifest.file}: the model {manifest.model_path} is no file; make the parts from a file')
    if device not in manifest.devices:
        raise RunError(f"--whole={device}: there is no such device (there are {', '.join(manifest.devices)})")
    computed = tuple(name for name in manifest.outputs if name not in manifest.inputs)
    if not computed:
        return (Lane(1, ()),)
    file = os.path.relpath(manifest.model_path, manifest.folder)
    return (Lane(1, (PartFile('whole', device, file, manifest.inputs, computed),)),)


def fixed_inputs(manifest: Manifest) -> Dict[str, Union[bool, float]]:
    """The inputs of the model that the plan fixed (--set), which its parts do not take: name -> value."""
    found = re.search(r'\bfix-inputs\{values=(?:"([^"]*)"|([^ }]*))', manifest.pipeline)
    text = (found.group(1) if found.group(1) is not None else found.group(2)) if found else ''
    values: Dict[str, Union[bool, float]] = {}
    for entry in filter(None, text.split(';')):
        name, _, value = entry.rpartition('=')
        values[name] = value == 'true' if value in ('true', 'false') else float(value)
    return values


@dataclass(frozen=True)
class StepsWanted:
    """How many steps, what feeds one from the one before, and the input for tokens that are chosen."""

    count: int
    state: Tuple[StatePair, ...]
    tokens: Optional[str]


@dataclass(frozen=True)
class Expected:
    """What the whole model gives: outputs for each set of inputs, or of each step and then the tokens that it chose."""

    outputs: List[Dict[str, Tensor]]
    tokens: List[List[int]]


def expected_outputs(manifest: Manifest, sets: Sequence[Inputs], level: str, device: RunDevice, stall_timeout_s: float,
                     steps: Optional[StepsWanted] = None) -> Expected:
    """What the whole model makes of each set of inputs, or of steps, on one worker. Raises RunError."""
    lanes, fixed = whole_lanes(manifest, device.name), fixed_inputs(manifest)
    with workers_for([device.worker()], stall_timeout_s) as workers:
        extra: Inputs = {}
        if fixed and lanes[0].parts:
            path = os.path.join(manifest.folder, lanes[0].parts[0].file)
            loaded: Any = workers.load(device.name, 'signature', path, session_settings(device.hint, level)).result()
            for about in loaded['inputs']:
                if about['name'] in fixed:
                    wanted = InputType(about['name'], about['type'], tuple(about['shape']))
                    extra[wanted.name] = make_input(wanted, {'value': fixed[wanted.name]}, {}, 1, 1)
            workers.unload(device.name, 'signature').result()
        names = (*manifest.inputs, *extra)
        parts = tuple(PartFile(part.name, part.device, part.file, names, part.outputs) for part in lanes[0].parts)
        flow = make_dataflow(names, manifest.outputs, [Lane(1, parts)])
        load_parts(workers, manifest, flow, [device], level)
        given = [{**one, **extra} for one in sets]
        if steps is not None:
            return Expected(*collect_steps(workers, flow, given, state_homes(flow, steps.state), steps.tokens, steps.count))
        shared = share_inputs(workers, given)
        results: List[Dict[str, Tensor]] = []

        def collect(sample: Sample) -> None:
            results.append({name: tensor_of(workers, sample.values[name]) for name in manifest.outputs})

        Conductor(workers, flow, 1, lambda index: shared[index], collect).stream(len(sets))
        return Expected(results, [])
