"""Having the thread that moves tensors run soon after it wakes, on a core that another thread computes on.

Linux 6.12 and later let a thread ask for short slices: it then gets the core at once when it wakes, and no more of it in all.
Elsewhere nothing happens, and tensors wait for the end of a slice now and then.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_CALLS = {'x86_64': 314, 'aarch64': 274, 'riscv64': 274, 'ppc64le': 355, 's390x': 345}  # sched_setattr
_SLICE_NS = 100_000  # the shortest that the kernel takes
_SIZE, _SCHED_OTHER, _FLAGS = 48, 0, 0


def ask_for_short_slices() -> bool:
    """Of the calling thread. Whether the system has agreed."""
    number = _CALLS.get(platform.machine())
    if sys.platform != 'linux' or number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    # size, policy, flags, nice, priority, runtime, deadline, period
    attributes = struct.pack('<IIQiIQQQ', _SIZE, _SCHED_OTHER, _FLAGS, nice, 0, _SLICE_NS, 0, 0)
    return bool(ctypes.CDLL(None, use_errno=True).syscall(number, 0, attributes, 0) == 0)
