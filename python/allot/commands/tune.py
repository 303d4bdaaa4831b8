"""`allot tune`: profiles a model, places it, runs the parts, corrects the costs and places again, until prediction and
measurement agree."""

from __future__ import annotations

import json
import os
import sys
from typing import List, Optional, Sequence, Tuple

from ..errors import InvalidInput, RunError
from ..profiling.profile_model import ProfileRequest, profile_model
from ..profiling.target_devices import Device, hint_of, read_target
from ..running.run_options import RunOptions
from ..running.runtime import LEVELS, available_providers, load_runtime, runtime_name
from ..running.side_file import read_input_spec
from ..support.files import write_whole
from ..support.temporary_folder import temporary_folder
from ..support.terminal import progress
from ..tuning.tuned_folder import HISTORY, check_tuned_folder
from ..tuning.tuning import Tuning, TuningRequest
from ..tuning.tuning_report import Report, tuning_report, tuning_text
from .arguments import Arguments, Flag, Flags, help_text, parse_arguments, parse_dims
from .program import run_program, write_output

_USAGE = 'allot tune MODEL --target=FILE|NAME --objective=latency|throughput [-o DIR]'
_SUMMARY = 'Measures and places in turn, and keeps the best measured plan.'
_FLAGS: Flags = {
    'target': Flag('text', value='FILE|NAME', initial='host', help='the machine, such as host:cpus=1+1'),
    'objective': Flag('choice', choices=('latency', 'throughput'), initial='latency', help='time of one inference, or period of a steady stream'),
    'o': Flag('text', value='DIR', help='write the chosen plan, its costs and the history into DIR'),
    'rounds': Flag('integer', value='N', initial=4, help='at most so many placements'),
    'agree': Flag('number', value='X', initial=0.05, help='prediction and measurement agree if they differ by this share'),
    'seconds': Flag('number', value='X', initial=3, help='time of each measurement'),
    'costs': Flag('text', value='FILE', help='start from this table of allot-profile instead of a new profile'),
    'opt': Flag('choice', choices=LEVELS, initial='all', help='graph optimisations of ONNX Runtime'),
    'inputs': Flag('text', value='FILE', help="what is valid input (default: the model's side file NAME.inputs.json)"),
    'dim': Flag('list', value='NAME=SIZE', help='size of a symbolic dimension'),
    'default-dim': Flag('integer', value='SIZE', initial=1, help='size of every other open dimension'),
    'pin': Flag('list', value='REGEX=DEVICE', help='as of allot'),
    'forbid': Flag('list', value='REGEX=DEVICE', help='as of allot'),
    'together': Flag('list', value='REGEX', help='as of allot'),
    'replicas': Flag('choice', choices=('yes', 'no'), initial='yes',
                     help='whether placements may take turns in what is kept; no: copies of\nthe model are measured for comparison only'),
    'work': Flag('integer', value='N', help='as of allot: work limit of the search'),
    'seed': Flag('integer', value='N', least=0, initial=1, help='of the inputs'),
    'json': Flag('flag', help='print the result as JSON'),
}


def _devices_here(name: str) -> Tuple[List[Device], List[str]]:
    """The devices of a target that this machine has, and the names of the others, which it says. Raises RunError if there is
    none."""
    target, ort = read_target(name), load_runtime()
    there = ort.get_available_providers()

    def is_here(device: Device) -> bool:
        provider = hint_of(device).provider
        return bool(provider) and runtime_name(provider, there) is not None

    devices = [device for device in target['devices'] if is_here(device)]
    if not devices:
        raise RunError(f'--target={name}: this machine has none of its devices (ONNX Runtime has {", ".join(available_providers(ort))}); '
                       'host describes this machine')
    absent = [device['name'] for device in target['devices'] if not is_here(device)]
    if absent:
        sys.stderr.write(f'not here, and left out: {", ".join(absent)}\n')
    return devices, absent


def _place_arguments(flags: Arguments, absent: Sequence[str], dims: Sequence[str]) -> List[str]:
    """Further arguments of allot."""
    given = [word for name in ('pin', 'forbid', 'together') for value in flags[name] for word in (f'--{name}', value)]
    given += [word for name in absent for word in ('--forbid', f'.*={name}')]
    given += [word for size in dims for word in ('--dim', size)]
    given += [f'--default-dim={flags["default-dim"]}', f'--replicas={flags["replicas"]}']
    return [*given, f'--work={flags["work"]}'] if flags['work'] else given


def _tune(flags: Arguments, model: str, out: Optional[str]) -> Report:
    # The plan, the profile and the runs must be of the same sizes.
    spec = read_input_spec(model, flags['inputs'])
    dims = {**spec.dims, **parse_dims(flags['dim'])}
    devices, absent = _devices_here(flags['target'])
    place_arguments = _place_arguments(flags, absent, [f'{name}={size}' for name, size in dims.items()])
    with temporary_folder() as folder:
        costs = flags['costs']
        if costs is None:
            costs = os.path.join(folder, 'profile.csv')
            profile_model(ProfileRequest(
                model, flags['target'], objective=flags['objective'], output=costs, level=flags['opt'], dims=dims,
                default_dim=flags['default-dim'], spec=spec.file, seed=flags['seed'], say=progress))
        tuning = Tuning(TuningRequest(
            model, flags['objective'], flags['target'], devices, costs, folder, flags['rounds'], flags['agree'], flags['seconds'],
            flags['replicas'] == 'yes', place_arguments,
            RunOptions(level=flags['opt'], distinct=2, seed=flags['seed'], dims=dims, default_dim=flags['default-dim'], spec_file=spec.file),
            progress))
        tuning.improve()
        tuning.try_copies()
        tuning.measure_singles()
        choice = tuning.choose()
        written = out or os.path.join(folder, 'chosen')
        report = tuning_report(tuning, choice, tuning.write(choice, written))
        if out is not None:
            write_whole(os.path.join(out, HISTORY), json.dumps(report, indent=1, ensure_ascii=False) + '\n')
        return report


def _run(argv: Sequence[str]) -> None:
    flags = parse_arguments(argv, _FLAGS)
    if flags.help:
        write_output(help_text(_USAGE, _SUMMARY, _FLAGS))
        return
    model = flags.only('model', 'allot tune MODEL --target=FILE|NAME')
    if not os.path.exists(model):
        raise InvalidInput(f'{model}: there is no such file')
    if flags['o'] is not None:
        check_tuned_folder(flags['o'], model)
    report = _tune(flags, model, flags['o'])
    progress('')
    write_output(json.dumps(report, indent=1, ensure_ascii=False) + '\n' if flags['json'] else tuning_text(report, flags['o']))


def main() -> None:
    """The program."""
    run_program(_run)


if __name__ == '__main__':
    main()
