"""Files of a folder for those who ask by a URL: nothing outside the folder, by no dots and by no link."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from ..errors import InvalidInput

_TYPES = {
    '.html': 'text/html; charset=utf-8', '.json': 'application/json', '.dot': 'text/plain; charset=utf-8',
    '.mlir': 'text/plain; charset=utf-8', '.png': 'image/png', '.svg': 'image/svg+xml',
}
_MOST_TEXT = 256_000_000  # bytes


class Refused(Exception):
    """What is asked for and may not be given; `status` is that of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class OpenFile:
    """A file that may be given: its descriptor, which the caller closes, its size in bytes, and its type for HTTP."""

    descriptor: int
    size: int
    type: str


class ServedFolder:
    """A folder that is served: `name` as the user gave it, `root` where it is."""

    def __init__(self, folder: str) -> None:
        """Raises InvalidInput unless it is a folder."""
        self.name = folder
        try:
            os.stat(folder)  # realpath() takes what is not there, too
            self.root = os.path.realpath(folder)
            is_folder = stat.S_ISDIR(os.stat(self.root).st_mode)
        except FileNotFoundError:
            raise InvalidInput(f'{folder}: there is no such folder') from None
        except (OSError, ValueError) as error:
            raise InvalidInput(f'{folder}: {getattr(error, "strerror", None) or error}') from None
        if not is_folder:
            raise InvalidInput(f'{folder}: not a folder; give the one that allot -o wrote')

    def open(self, name: str) -> OpenFile:
        """Opens a file by its path in the folder, decoded. Raises Refused.

        The file that is opened is the one that was checked: what it is reached by is looked up again from the open file.
        """
        pieces = name.split('/')
        if any(piece in ('', '.', '..') for piece in pieces) or '\0' in name or '\\' in name:
            raise Refused(404, 'there is no such file')
        try:  # not to wait for a FIFO that nobody writes to
            descriptor = os.open(os.path.join(self.root, *pieces), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            raise Refused(404, 'there is no such file') from None
        try:
            about = os.fstat(descriptor)
            real = os.readlink(f'/proc/self/fd/{descriptor}')
            if not stat.S_ISREG(about.st_mode) or not real.startswith(self.root.rstrip('/') + '/'):
                raise Refused(403, 'it is outside the folder that is served, or no file')
        except OSError:
            os.close(descriptor)
            raise Refused(403, 'it cannot be read') from None
        except Refused:
            os.close(descriptor)
            raise
        kind = _TYPES.get(os.path.splitext(name)[1].lower(), 'application/octet-stream')
        return OpenFile(descriptor, about.st_size, kind)

    def text(self, name: str, most: int = _MOST_TEXT) -> str:
        """The text of a file. Raises Refused; also where it has more than `most` bytes."""
        file = self.open(name)
        with os.fdopen(file.descriptor, 'rb') as stream:
            if file.size > most:
                raise Refused(413, 'it is too large')
            try:
                return stream.read().decode(errors='replace')
            except OSError:
                raise Refused(403, 'it cannot be read') from None
