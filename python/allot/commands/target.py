"""`allot target`: prints a machine as JSON, and asks the runtimes here which nodes of a model its devices run."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Sequence

from ..probing.probe import DeviceAnswer, probe
from ..profiling.target_devices import read_target_document
from ..support.allot_program import run_allot
from ..support.files import check_writable, write_whole
from ..support.terminal import progress
from ..support.text import table
from .arguments import Flag, help_text, parse_arguments
from .program import run_program, write_output

_USAGE = 'allot target FILE|NAME [--probe=MODEL] [-o FILE]'
_SUMMARY = ('Prints a machine as JSON, as allot --target takes it. With --probe the runtimes that are installed say which nodes of\n'
            'a model each device runs, and what they do not take becomes rules of the machine.')
_FLAGS = {
    'probe': Flag('text', value='MODEL', help='ask for the nodes of this model'),
    'o': Flag('text', value='FILE', help='write the machine into FILE'),
    'json': Flag('flag', help='with --probe: print what was heard as JSON'),
}


def _report(model: str, target: Dict[str, Any], answers: Sequence[DeviceAnswer]) -> Dict[str, Any]:
    devices: List[Dict[str, Any]] = []
    for answer in answers:
        if answer.why:
            devices.append({'device': answer.device, 'provider': answer.provider, 'why': answer.why})
        else:
            devices.append({'device': answer.device, 'provider': answer.provider, 'runtime': answer.runtime, 'taken': len(answer.taken),
                            'refused': answer.refused, 'untold': answer.untold, 'rules': answer.rules})
    return {'schema': 'allot.probe/1', 'model': model, 'target': target.get('name'), 'devices': devices}


def _text(answers: Sequence[DeviceAnswer]) -> str:
    heard = [answer for answer in answers if not answer.why]
    rows: List[List[Any]] = [['device', 'provider', 'asked', 'takes', 'leaves', 'not told', 'rules']]
    rows += [[answer.device, answer.provider, answer.runtime, len(answer.taken), len(answer.refused), len(answer.untold), answer.rules]
             for answer in heard]
    lines = [f'not asked: {answer.device}: {answer.why}\n' for answer in answers if answer.why]
    return table(rows) + ''.join(lines)


def _run(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv, _FLAGS)
    if arguments.help:
        write_output(help_text(_USAGE, _SUMMARY, _FLAGS))
        return
    name = arguments.only('machine', _USAGE)
    model, output = arguments['probe'], arguments['o']
    if output is not None:
        check_writable(output)
    if model is None:
        text = run_allot([f'--target={name}', '--print-target'])
        if output is None:
            write_output(text)
        else:
            write_whole(output, text)
        return
    document, answers = probe(read_target_document(name), model, progress)
    progress('')
    text = json.dumps(document, indent=2, ensure_ascii=False) + '\n'
    if output is not None:
        write_whole(output, text)
    if arguments['json']:
        write_output(json.dumps(_report(model, document, answers), indent=1, ensure_ascii=False) + '\n')
    elif output is not None:
        write_output(_text(answers))
    else:
        sys.stderr.write(_text(answers))
        write_output(text)


def main() -> None:
    """The program."""
    run_program(_run)


if __name__ == '__main__':
    main()
