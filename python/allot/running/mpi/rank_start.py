"""What mpirun starts: a process that starts the rank, and says at once how it ended if a signal ended it.

Without that the others, who see a connection break, would have the run end before anybody knows whose fault it was.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time

from .words import ERROR

_PR_SET_PDEATHSIG = 1
_HEARD_S = 1.0  # what a rank's end by itself waits for: words of another one that was killed


def _say(rank: int, number: int) -> None:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f'signal {number}'
    os.write(2, f'\n{ERROR}{json.dumps([rank, "", f"was killed by {name}"])}\n'.encode())


def main() -> None:
    """The process."""
    parent, child = os.getpid(), os.fork()
    if child == 0:
        if sys.platform == 'linux':
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        from .rank_main import main as be_a_rank

        be_a_rank()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        _say(int(os.environ.get('OMPI_COMM_WORLD_RANK', '-1')), os.WTERMSIG(status))
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        time.sleep(_HEARD_S)
    os._exit(code if code >= 0 else 128 - code)
