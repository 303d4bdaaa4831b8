"""Opening what a user names, without waiting for anybody to write it."""
import os
import stat
from typing import BinaryIO

from .errors import UserError


def open_regular(path: str) -> BinaryIO:
    """The bytes of a regular file. Raises OSError where there is none, UserError where it is anything else: a pipe would be
    waited for and a device never ends."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise UserError(f'{path}: is a directory')
        raise UserError(f'{path}: is not a regular file; name one')
    return open(descriptor, 'rb')
