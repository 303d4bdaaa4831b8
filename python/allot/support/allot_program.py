"""Calling the planner's program."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from typing import Callable, Optional, Sequence

from ..errors import RunError
from ..programs import program
from .terminal import warn


def find_allot() -> Optional[str]:
    """The planner's program: $ALLOT, else that of this package, else on PATH; None if there is none."""
    named = os.environ.get('ALLOT')
    if named:
        return named
    try:
        return str(program('allot'))
    except FileNotFoundError:
        return shutil.which('allot')


def run_allot(arguments: Sequence[str], started: Callable[['subprocess.Popen[str]'], None] = lambda child: None) -> str:
    """Runs allot; its standard output. What it warns of is passed on; `--quiet` keeps it quiet. `started` is given the
    process. Raises RunError with what it says if it fails."""
    allot = find_allot() or 'allot'
    try:
        child = subprocess.Popen([allot, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, errors='surrogateescape')
    except FileNotFoundError:
        raise RunError(f'{allot}: there is no such program; set ALLOT to the path of allot') from None
    except OSError as error:
        raise RunError(f'{allot}: {error.strerror}') from None
    try:
        started(child)
        output, errors = child.communicate()
    except BaseException:
        child.kill()
        child.wait()
        raise
    lines = errors.strip().split('\n')
    for line in lines:
        if re.search('(^|: )warning: ', line):
            warn(re.sub('(^|: )warning: ', r'\1', line, count=1))
    if child.returncode == 0:
        return output
    said = [line for line in lines if line.startswith('error: ')]
    if said:
        raise RunError(said[-1][len('error: '):])
    status = child.returncode
    raise RunError(f'{allot} {f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"}')
