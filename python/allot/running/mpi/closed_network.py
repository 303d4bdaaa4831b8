"""A network of a process's own, with nothing but loopback: what listens in it cannot be reached from outside.

Open MPI listens at every address of a machine, whatever networks it is told to use; ranks of one machine need none of that.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


def enter_closed_network() -> bool:
    """Moves this process, which has one thread, and what it will start into a network of its own (Linux). Whether that was
    allowed; if not nothing has changed, but that this process may be in a user namespace of its own, as the same user."""
    if sys.platform != 'linux':
        return False
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if library.unshare(_NEW_NETWORK) != 0:
        if library.unshare(_NEW_USER | _NEW_NETWORK) != 0:
            return False
        try:
            for name, text in (('setgroups', 'deny'), ('uid_map', f'{user} {user} 1'), ('gid_map', f'{group} {group} 1')):
                with open(f'/proc/self/{name}', 'w', encoding='ascii') as file:
                    file.write(text)
        except OSError:
            return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            told = struct.pack('16sh', b'lo', 0)
            flags = struct.unpack('16sh', fcntl.ioctl(end, _GET_FLAGS, told))[1]
            fcntl.ioctl(end, _SET_FLAGS, struct.pack('16sh', b'lo', flags | _UP))
    except OSError:
        return False
    return True
