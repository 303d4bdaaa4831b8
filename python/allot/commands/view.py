"""`allot view`: serves the report of a plan, or two beside each other, and plans again when a node is moved."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Sequence

from ..errors import InvalidInput
from ..support.interruption import SIGNALS
from ..support.temporary_folder import temporary_folder
from ..viewing.server import ViewServer
from .arguments import Flag, help_text, parse_arguments
from .program import run_program, write_output

_USAGE = 'allot view DIR [DIR] [options]'
_SUMMARY = ('Serves the report in DIR, or the plans of two folders beside each other, to a browser on this machine.\n'
            'Dragging a node to another device plans again. Ends at Ctrl+C.')
_FLAGS = {
    'port': Flag('integer', value='N', least=0, initial=0, help='where to listen, on 127.0.0.1; 0: any port that is free'),
    'model': Flag('text', value='FILE', help='the model, for planning again, if it is not where manifest.json says'),
}


def _say(text: str) -> None:
    sys.stderr.write(text + '\n')
    sys.stderr.flush()


def _run(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv, _FLAGS)
    if arguments.help:
        write_output(help_text(_USAGE, _SUMMARY, _FLAGS))
        return
    folders = arguments.positional
    if not 1 <= len(folders) <= 2:
        raise InvalidInput(f'{"more than two folders" if folders else "no folder"} given; usage: {_USAGE}')
    if arguments['port'] > 65535:
        raise InvalidInput(f'--port={arguments["port"]}: expected at most 65535')
    ended = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    with temporary_folder() as temporary:
        server = ViewServer(folders, temporary=temporary, model=arguments['model'], say=_say)
        address = server.listen(arguments['port'])
        try:
            write_output(f'{" and ".join(folders)}: {address}  (Ctrl+C ends)\n')
            ended.wait()
        finally:
            server.close()


def main() -> None:
    """The program."""
    run_program(_run)


if __name__ == '__main__':
    main()
