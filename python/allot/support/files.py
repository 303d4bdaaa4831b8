"""Whole files, from and to wherever a user may say that they are: pipes have an end, devices stay what they are."""

from __future__ import annotations

import os
import secrets
import stat
import time
from typing import List, Optional, Tuple, Union

from ..errors import RunError

_LONGEST_WAIT_S = 3.0
_STEP = 1 << 16


def reason(error: Union[OSError, ValueError]) -> str:
    """What is wrong, without the name of the file."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _read_pipe(descriptor: int) -> bytes:
    pieces: List[bytes] = []
    since = time.monotonic()
    while True:
        try:
            piece: Optional[bytes] = os.read(descriptor, _STEP)
        except BlockingIOError:  # somebody may write later
            piece = None
        if piece:
            pieces.append(piece)
        elif piece is not None and pieces:
            return b''.join(pieces)
        elif piece is not None and time.monotonic() - since > _LONGEST_WAIT_S:
            raise OSError(0, 'is a pipe that nobody writes to')
        else:
            time.sleep(0.01)


def read_input(path: str) -> bytes:
    """The bytes of a file or pipe. Raises OSError, whose reason() says what is wrong; a zero byte in the name is one, too."""
    if '\0' in path:
        raise OSError(0, 'there is a zero byte in the name')
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise OSError(0, 'is a device, not a file')
        if stat.S_ISFIFO(mode):
            return _read_pipe(descriptor)
        with os.fdopen(os.dup(descriptor), 'rb') as file:
            return file.read()
    finally:
        os.close(descriptor)


def check_writable(path: str) -> None:
    """Raises RunError if write_whole() could not write `path`: to be asked before long work."""
    try:
        if os.path.isdir(path):
            raise OSError(0, 'it is a folder')
        folder = os.path.dirname(path) or '.'
        os.stat(folder)
        if not os.access(folder, os.W_OK):
            raise PermissionError(0, 'no permission to write there')
    except OSError as error:
        raise RunError(f'cannot write {path}: {reason(error)}') from None


def _place_of(path: str) -> Tuple[str, bool]:
    """Where a file is to be written that a link may lead to, and whether to write into what is there: it is no file."""
    try:
        place = os.path.realpath(path)
        return place, not stat.S_ISREG(os.stat(place).st_mode)
    except OSError:
        return path, False


def write_whole(path: str, content: Union[str, bytes]) -> None:
    """Writes `content` to `path` whole or not at all; to a device or a pipe as it is. Raises RunError."""
    data = content.encode() if isinstance(content, str) else content
    place, in_place = _place_of(path)
    temporary: Optional[str] = None
    try:
        if in_place:
            _write_all(os.open(place, os.O_WRONLY | os.O_CLOEXEC), data)
            return
        unfinished = f'{place}.{secrets.token_hex(6)}'
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        temporary = unfinished
        _write_all(descriptor, data)
        os.replace(temporary, place)
        temporary = None
    except OSError as error:
        raise RunError(f'cannot write {path}: {reason(error)}') from None
    finally:
        if temporary is not None:
            os.unlink(temporary)


def _write_all(descriptor: int, data: bytes) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
    finally:
        os.close(descriptor)
