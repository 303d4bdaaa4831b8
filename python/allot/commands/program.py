"""How a program begins and ends: its exit status, one line for an error, signals that end it in order."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from types import FrameType
from typing import Callable, NoReturn, Optional, Sequence

from ..errors import AllotError, RunError
from ..support.console import clear_line, in_tone
from ..support.texts import one_line

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(RunError):
    """A signal came that ends the program."""


def _interrupt(number: int, frame: Optional[FrameType]) -> NoReturn:
    raise Interrupted(f'interrupted by {signal.Signals(number).name}')


def main(body: Callable[[Sequence[str]], int]) -> NoReturn:
    """Runs a program on the command line's arguments and ends the process: with what `body` returns, or with 1 after one line
    `error: ...` on stderr. An error that is no AllotError is a bug of ours and shows its stack."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        try:
            status = body(sys.argv[1:])
            sys.stdout.flush()
        finally:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # what is being ended ends in order
    except BrokenPipeError:  # whoever reads our output may stop (`| head`); that is no fault
        status = 0
    except AllotError as error:
        _say(one_line(str(error)))
        status = 1
    except Exception:  # a bug
        _say(traceback.format_exc().rstrip())
        status = 1
    _end(status)


def _say(text: str) -> None:
    sys.stderr.write(f'{clear_line()}{in_tone("error", "error:", sys.stderr)} {text}\n')


def _end(status: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for Python's own last flush
    except OSError as error:
        _say(f'cannot write to standard output: {error.strerror}')
        status = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)
