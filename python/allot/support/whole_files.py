"""Files that are read and written whole: pipes have an end, devices are refused, nothing is left half-written."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from typing import Union

from ..errors import InvalidInput

_LONGEST_WAIT_S = 3.0
_STEP = 1 << 16


def reason_of(error: OSError) -> str:
    """What an error of the system says, without the file's name."""
    return error.strerror or str(error)


def read_input(file: str) -> bytes:
    """The bytes of a file or pipe, from wherever a user may say that they are. Raises InvalidInput."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        absent = isinstance(error, FileNotFoundError)
        raise InvalidInput(f'{file}: {"there is no such file" if absent else getattr(error, "strerror", None) or error}') from None
    with os.fdopen(descriptor, 'rb', buffering=0) as stream:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise InvalidInput(f'{file}: is a device, not a file')
        if stat.S_ISDIR(mode):
            raise InvalidInput(f'{file}: is a folder, not a file')
        try:
            return _read_pipe(descriptor, file) if stat.S_ISFIFO(mode) else bytes(stream.read())
        except OSError as error:
            raise InvalidInput(f'{file}: {reason_of(error)}') from None


def _read_pipe(descriptor: int, file: str) -> bytes:
    """What comes through a pipe till its writers have closed it."""
    pieces = []
    since = time.monotonic()
    while True:
        try:
            piece = os.read(descriptor, _STEP)
        except BlockingIOError:  # somebody may write later
            time.sleep(0.01)
            continue
        if piece:
            pieces.append(piece)
        elif pieces:
            return b''.join(pieces)
        elif time.monotonic() - since > _LONGEST_WAIT_S:
            raise InvalidInput(f'{file}: is a pipe that nobody writes to')
        else:
            time.sleep(0.01)


def check_writable(file: str) -> None:
    """Raises InvalidInput if write_whole() could not write `file`: to be asked before long work."""
    if os.path.isdir(file):
        raise InvalidInput(f'cannot write {file}: it is a folder')
    folder = os.path.dirname(file) or '.'
    if not os.path.isdir(folder):
        raise InvalidInput(f'cannot write {file}: there is no folder {folder}')
    if not os.access(folder, os.W_OK):
        raise InvalidInput(f'cannot write {file}: {os.strerror(errno.EACCES)}')


def write_whole(file: str, content: Union[str, bytes]) -> None:
    """Writes `content` to `file` whole or not at all; to a device or a pipe as it is. Raises InvalidInput."""
    data = content.encode(errors='surrogateescape') if isinstance(content, str) else content
    place = os.path.realpath(file)  # a link leads where the file is to be
    try:
        if os.path.exists(place) and not os.path.isfile(place):
            with open(place, 'wb', buffering=0, opener=lambda name, _: os.open(name, os.O_WRONLY | os.O_CLOEXEC)) as device:
                device.write(data)
            return
        unfinished = f'{place}.{secrets.token_hex(6)}'
        with open(unfinished, 'xb') as stream:
            try:
                stream.write(data)
                stream.close()
                os.rename(unfinished, place)
            except OSError:
                os.unlink(unfinished)
                raise
    except OSError as error:
        raise InvalidInput(f'cannot write {file}: {reason_of(error)}') from None
