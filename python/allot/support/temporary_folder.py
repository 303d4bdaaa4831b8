"""A folder for what a program writes on its way and nobody wants to keep."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from typing import Iterator

from ..errors import RunError
from .whole_files import reason_of


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A new folder under the system's one for temporaries, removed at the end. Signals that end a program must raise for
    that, as commands.program.main() sees to. Raises RunError."""
    try:
        folder = tempfile.mkdtemp(prefix='allot-')
    except OSError as error:
        raise RunError(f'cannot make a temporary folder: {reason_of(error)}; set TMPDIR to a folder that can be written') from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
