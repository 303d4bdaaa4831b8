"""How a program of the package ends: its status, and one line for an error."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Callable, NoReturn, Optional, Sequence

from ..errors import AllotError
from ..support.files import reason
from ..support.interruption import interruptible
from ..support.terminal import clear_line, in_tone
from ..support.text import one_line


def _complain(text: str) -> None:
    try:
        sys.stderr.write(f"{clear_line()}{in_tone('error', 'error:', sys.stderr)} {text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody listens
        pass


def _leave(status: int) -> NoReturn:
    """Ends without a word of the interpreter's about output that it cannot write."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
    os._exit(status)


def run_program(body: Callable[[Sequence[str]], Optional[int]]) -> NoReturn:
    """Ends the process: with what `body(arguments)` returns (0 for None), or 1 after one line `error: ...` on stderr. An error
    that is no AllotError is a bug of ours and shows its stack. Signals that ask to end are errors. Whoever reads the
    output may stop (`| head`); that is no fault."""
    for stream in (sys.stdout, sys.stderr):  # names may be no UTF-8, and terminals of another opinion
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')
    status = 1
    try:
        with interruptible():
            status = body(sys.argv[1:]) or 0
            sys.stdout.flush()
    except AllotError as error:
        _complain(one_line(str(error)))
        status = 1
    except BrokenPipeError:
        status = 0
    except OSError as error:
        _complain(f'cannot write to standard output: {one_line(reason(error))}')
        status = 1
    except Exception:
        _complain(traceback.format_exc().rstrip())
        status = 1
    _leave(status)
