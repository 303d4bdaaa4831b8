"""The programs of the package: `allot`, `allot-opt`, `allot-solve` on the command line, and `python -m allot`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn


def program(name: str) -> Path:
    """Where a program of this package is. Raises FileNotFoundError."""
    path = Path(__file__).parent / 'bin' / name
    if not path.is_file():
        raise FileNotFoundError(f'{path}: the package was installed without its programs')
    return path


def _become(name: str) -> NoReturn:
    try:
        path = str(program(name))
        os.environ.setdefault('ALLOT_PYTHON', sys.executable)  # for `allot run` and the like
        os.execv(path, [path, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f'error: {error}')


def allot() -> NoReturn:
    """Becomes the program `allot`."""
    _become('allot')


def allot_opt() -> NoReturn:
    """Becomes the program `allot-opt`."""
    _become('allot-opt')


def allot_solve() -> NoReturn:
    """Becomes the program `allot-solve`."""
    _become('allot-solve')
