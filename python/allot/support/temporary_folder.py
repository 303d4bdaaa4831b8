"""A folder for what a program writes on its way and nobody wants to keep."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from typing import Iterator

from ..errors import RunError
from .files import reason
from .interruption import undisturbed


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A new folder under the system's one for temporaries, removed at the end, however it comes. Raises RunError."""
    try:
        folder = tempfile.mkdtemp(prefix='allot-')
    except OSError as error:
        raise RunError(f'cannot make a temporary folder: {reason(error)}; set TMPDIR to a folder that can be written') from None
    try:
        yield folder
    finally:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)
