"""How a program of the package ends: its status, and one line for an error."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Callable, NoReturn, Optional, Sequence

from ..errors import AllotError, RunError
from ..support.files import reason
from ..support.interruption import interruptible
from ..support.terminal import clear_line, in_tone
from ..support.text import one_line


class _NobodyReads(Exception):
    """Whoever reads the output has stopped (`| head`)."""


def write_output(text: str) -> None:
    """Writes to standard output, at once. Raises RunError where that cannot be; ends the program in peace if nobody reads."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise _NobodyReads from None
    except OSError as error:
        raise RunError(f'cannot write to standard output: {reason(error)}') from None


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
    that is no AllotError is a bug of ours and shows its stack. Signals that ask to end are errors. Output goes through
    write_output()."""
    for stream in (sys.stdout, sys.stderr):  # names may be no UTF-8, and terminals of another opinion
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')
    status = 1
    try:
        with interruptible():
            status = body(sys.argv[1:]) or 0
    except AllotError as error:
        _complain(one_line(str(error)))
    except _NobodyReads:
        status = 0
    except Exception:
        _complain(traceback.format_exc().rstrip())
    _leave(status)
