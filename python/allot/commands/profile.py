"""`allot profile`: measures the operators of a model on the devices of a target, for `allot --costs`."""

from __future__ import annotations

import json
import sys
from typing import Any, List, Sequence

from ..profiling.profile_model import ProfileRequest, profile_model
from ..profiling.profile_table import Profile
from ..running.runtime import LEVELS
from ..support.terminal import progress, warn
from ..support.text import duration, percent, table
from .arguments import Flag, help_text, parse_arguments, parse_dims
from .program import run_program, write_output

_USAGE = 'allot profile MODEL --target=FILE|NAME [-o COSTS.csv] [options]'
_SUMMARY = 'Measures the operators of a model in ONNX Runtime on the devices of a target that this machine has.'
_FLAGS = {
    'target': Flag('text', value='FILE|NAME', initial='host', help='the machine; devices that are not here get no rows'),
    'o': Flag('text', value='COSTS.csv', help='the table to write, for allot --costs; without it only the summary is printed'),
    'opt': Flag('choice', choices=LEVELS, initial='all', help='graph optimisations of ONNX Runtime: the level that parts will run at'),
    'repeats': Flag('integer', value='N', help='runs that are measured (default: as many as take a second, at least 10)'),
    'each': Flag('flag', help='measure every device, also those that are alike'),
    'objective': Flag('choice', choices=('latency', 'throughput'), initial='latency',
                      help='what launching a part counts as: its round trip, or how long it keeps a device\nbusy in a stream'),
    'inputs': Flag('text', value='FILE|DIR', help='what is valid input (NAME.inputs.json), or a folder with tensors and an\n'
                                                 "index.json (default: the model's side file, else random values)"),
    'dim': Flag('list', value='NAME=SIZE', help='size of a symbolic dimension'),
    'default-dim': Flag('integer', value='SIZE', initial=1, help='size of every other open dimension'),
    'seed': Flag('integer', value='N', least=0, initial=1, help='of the inputs'),
    'json': Flag('flag', help='print the summary as JSON'),
}


def _text(profile: Profile) -> str:
    devices: List[List[Any]] = [['device', 'whole model', 'spread', 'runs', 'kernels', 'measured', 'fused', 'folded']]
    for one in profile.report()['measured']:
        nodes = one['nodes']
        devices.append([','.join(one['devices']), duration(one['whole_us']), percent(one['spread']['whole']), one['runs'], one['kernels'],
                        nodes['measured'], nodes['fused'], nodes['folded']])
    launches = [['launch', 'alone', 'in a stream']]
    launches += [[one.device, duration(one.alone_us), duration(one.streamed_us)] for one in profile.pool.launches]
    transfers: List[List[Any]] = [['transfer', 'bytes', 'time']]
    transfers += [[f'{one.device} to {one.to}', one.bytes, duration(one.time_us)] for one in profile.pool.transfers]
    report = profile.report()
    text = f'{report["model"]} on {profile.target}, level {profile.level}: {profile.nodes} nodes\n\n{table(devices)}\n{table(launches)}'
    return text + (f'\n{table(transfers)}' if len(transfers) > 1 else '')


def _run(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv, _FLAGS)
    if arguments.help:
        write_output(help_text(_USAGE, _SUMMARY, _FLAGS))
        return
    model = arguments.only('model', _USAGE)
    inputs = arguments['inputs']
    is_spec = inputs is not None and inputs.endswith('.json')
    found = profile_model(ProfileRequest(
        model=model, target=arguments['target'], output=arguments['o'], level=arguments['opt'],
        repeats=arguments['repeats'], seed=arguments['seed'], each=arguments['each'], objective=arguments['objective'],
        dims=parse_dims(arguments['dim']), default_dim=arguments['default-dim'], spec=inputs if is_spec else None,
        feeds=None if is_spec else inputs, say=progress))
    progress('')
    for absent in found.absent:
        sys.stderr.write(f'not measured: {", ".join(absent.devices)}: {absent.why}\n')
    report = found.report()
    for one in report['measured']:
        if one['doubtful']:
            warn(f'the machine was busy while {one["devices"][0]} was measured; measure again')
    write_output(json.dumps(report, indent=1, ensure_ascii=False) + '\n' if arguments['json'] else _text(found))


def main() -> None:
    """The program."""
    run_program(_run)


if __name__ == '__main__':
    main()
