"""`allot run`: runs the parts of a manifest in ONNX Runtime, a worker process per device, and measures."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional, Sequence

from ..errors import InvalidInput
from ..running.annotated_run import run_annotated
from ..running.manifest import Manifest, read_manifest
from ..running.measured_report import find_report, measured_schedule, write_measured
from ..running.measured_trace import measured_trace
from ..running.mpi.hosts_run import run_on_hosts
from ..running.plan_run import run_plan
from ..running.run_options import LATENCY, PIPELINE, RunOptions
from ..running.runtime import LEVELS
from ..running.state import AUTO
from ..support.files import check_writable, write_whole
from ..support.nearest_name import suggestion
from ..support.terminal import progress
from .arguments import Arguments, Flag, Flags, help_text, parse_arguments, parse_dims
from .program import run_program, write_output
from .run_text import text_report

_TRACED = 100  # samples
_USAGE = 'allot-run MANIFEST [options]'

FLAGS: Flags = {
    'mode': Flag('choice', "latency: one sample at a time; pipeline: a steady stream\n(default: as the plan's objective)",
                 choices=(LATENCY, PIPELINE)),
    'samples': Flag('integer', 'samples that are measured', 'N', 50),
    'warmup': Flag('integer', 'samples before them that are not', 'N', 3, least=0),
    'steps': Flag('integer', 'steps in place of samples: each is given what the one before left as state (a cache, the state of a\n'
                  'recurrent network), and a decoder the token that it found likeliest', 'N'),
    'state': Flag('text', 'of --steps, which outputs are inputs of the next step: auto (found by name and type), off, or\npairs',
                  'auto|off|OUT=IN,...', AUTO),
    'in-flight': Flag('integer', 'samples on their way at once in a pipeline (default: parts + 1)', 'N'),
    'opt': Flag('choice', 'graph optimisations of ONNX Runtime', initial='all', choices=LEVELS),
    'on': Flag('choice', 'cpu: run every part on the CPU, whatever its device asks for', initial='target', choices=('target', 'cpu')),
    'check': Flag('flag', 'compare every sample with the whole model on the CPU, within the\ntolerance'),
    'tolerance': Flag('number', 'of --check: |difference| <= X (1 + |value|) (default: 0 with\n--opt=disabled, else 1e-4; 1e-2 in '
                      'float16 and on devices that are no CPU)', 'X'),
    'whole': Flag('text', 'run the unsplit model on this device instead of the parts', 'DEVICE'),
    'annotated': Flag('flag', 'run model.annotated.onnx in one session and say where its nodes ran'),
    'hosts': Flag('text', 'run across the hosts of FILE on Open MPI, a rank per device; lines are\nHOST [slots=N] [devices=NAME,...]', 'FILE'),
    'inputs': Flag('text', 'what is valid input (NAME.inputs.json), or a folder with tensors and an\nindex.json (default: the '
                   "model's side file, else random values)", 'FILE|DIR'),
    'dim': Flag('list', 'size of a symbolic dimension (default: that of the plan)', 'NAME=SIZE'),
    'default-dim': Flag('integer', 'size of every other open dimension (default: that of the plan)', 'SIZE'),
    'distinct': Flag('integer', 'different inputs, taken in turn', 'N', 4),
    'seed': Flag('integer', 'of the inputs', 'N', 1, least=0),
    'trace': Flag('text', 'write the measured schedule for Perfetto (the first 100 samples)', 'FILE'),
    'report': Flag('flag', 'put the measured schedule into model.report.html beside the manifest'),
    'stall-timeout': Flag('number', 'give up if a device works at one part, or at loading one, for so long', 'SECONDS', 120),
    'json': Flag('flag', 'print the result as JSON'),
}


def _check_dims(manifest: Manifest, dims: Dict[str, int]) -> None:
    """A misspelt dimension would be measured at its default size."""
    known = list(dict.fromkeys(size for name in manifest.inputs if name in manifest.signature
                               for size in manifest.signature[name].shape or () if isinstance(size, str)))
    for name, size in dims.items():
        if name not in known:
            raise InvalidInput(f'--dim={name}={size}: no input has a dimension {name}{suggestion(name, known)}')


def run_options(flags: Arguments) -> RunOptions:
    """What a command line asks for. Raises InvalidInput."""
    given: Optional[str] = flags['inputs']
    is_spec = given is not None and given.endswith('.json')
    return RunOptions(
        mode=flags['mode'], level=flags['opt'], samples=flags['samples'], warmup=flags['warmup'], in_flight=flags['in-flight'],
        distinct=flags['distinct'], seed=flags['seed'], dims=parse_dims(flags['dim']), default_dim=flags['default-dim'],
        spec_file=given if is_spec else None, inputs_folder=None if is_spec else given, on_cpu=flags['on'] == 'cpu',
        check=flags['check'], tolerance=flags['tolerance'], whole=flags['whole'], steps=flags['steps'], state=flags['state'], stall_timeout_s=float(flags['stall-timeout']),
        progress=progress)


def _run(argv: Sequence[str]) -> None:
    flags = parse_arguments(argv, FLAGS)
    if flags.help:
        write_output(help_text(_USAGE, 'Runs the parts of a plan in ONNX Runtime, a worker per device, and compares with the prediction.', FLAGS))
        return
    manifest = read_manifest(flags.only('manifest', _USAGE))
    options = run_options(flags)
    _check_dims(manifest, dict(options.dims))
    if flags['trace']:
        check_writable(flags['trace'])
    if flags['report'] and (flags['whole'] or flags['annotated']):
        raise InvalidInput('--report shows when parts ran; leave out --annotated and --whole')
    if flags['hosts'] and flags['annotated']:
        raise InvalidInput('--annotated runs one session, on one host; leave out --hosts')
    page = find_report(manifest) if flags['report'] else None
    if flags['annotated']:
        report, text = run_annotated(manifest, options)
        write_output(_json(report) if flags['json'] else text)
        return
    run = run_on_hosts(manifest, options, flags['hosts']) if flags['hosts'] else run_plan(manifest, options)
    if page is not None:
        write_measured(page, measured_schedule(run))
    if flags['trace']:
        write_whole(flags['trace'], measured_trace(manifest, run.flow, run.samples[:_TRACED]))
    write_output(_json(run.report) if flags['json'] else text_report(run.report))


def _json(report: Dict[str, Any]) -> str:
    return json.dumps(report, indent=1) + '\n'


def main() -> None:
    """The program."""
    run_program(_run)


if __name__ == '__main__':
    main()
