"""Memory that worker processes share: a file without a name in memory, of which each process holds a descriptor.

The file is sparse. Tensors live in regions that are far apart, so that a tensor may have any size, which for data-dependent
shapes is known only when it is written. Nothing is left behind however the processes end. What is written has its room
reserved before: a mapping that the system cannot back would end the process.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import tempfile
import time
from typing import Any, Dict, Tuple, Union

from ..errors import RunError
from ..support.files import reason

REGION = 1 << 34
"""Bytes from one region's start to the next one's: 16 GiB. Of them tmpfs holds MOST_REGIONS in a file, ext4 1,024."""
MOST_REGIONS = 1 << 16
_ENOUGH = 512 << 20
_PAGE = mmap.PAGESIZE


def _free_bytes(folder: str) -> int:
    try:
        about = os.statvfs(folder)
    except OSError:
        return -1
    return about.f_bavail * about.f_frsize


def create_shared_memory(memory_folder: str = '/dev/shm') -> int:
    """A descriptor of a new file without a name: in memory where that has room, else in the folder for temporary files.
    Raises RunError."""
    folder = memory_folder if _free_bytes(memory_folder) >= _ENOUGH else _temporary_folder()
    name = os.path.join(folder, f'allot-run-{os.getpid()}-{time.monotonic_ns()}')
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.unlink(name)
        return descriptor
    except OSError as error:
        raise RunError(f'cannot make shared memory in {folder}: {reason(error)}') from None


def _temporary_folder() -> str:
    # tempfile falls back to the current folder; ours must be the one that was asked for.
    return os.environ.get('TMPDIR') or tempfile.gettempdir()


class SharedMemory:
    """The regions as one process sees them. Mappings are kept: a region gets new content only when nobody needs the old one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._maps: Dict[int, Tuple[mmap.mmap, int]] = {}
        self._reserved: Dict[int, int] = {}

    def reserve(self, region: int, size: int) -> None:
        """Makes room for `size` bytes in a region. Raises RunError if there is none."""
        if size <= self._reserved.get(region, 0):
            return
        if region >= MOST_REGIONS:
            raise RunError(f'{region} tensors in flight are more than the runner can hold; lower --in-flight')
        if size > REGION:
            raise RunError(f'a tensor of {size} bytes is larger than the runner can pass on ({REGION})')
        whole = -(-size // _PAGE) * _PAGE
        try:
            os.posix_fallocate(self._descriptor, region * REGION, whole)
        except OSError as error:
            raise RunError(f'no room for {size} bytes in memory shared by workers ({_name(error)}); lower --in-flight') from None
        self._reserved[region] = whole

    def view(self, region: int, size: int) -> memoryview:
        """The first `size` bytes of a region that holds as many, to read or to write: no copy. Raises RunError."""
        if size == 0:
            return memoryview(bytearray())
        mapped, length = self._maps.get(region, (None, 0))
        if mapped is None or length < size:
            mapped = self._map(region, size)
        return memoryview(mapped)[:size]

    def _map(self, region: int, size: int) -> mmap.mmap:
        length = -(-size // _PAGE) * _PAGE
        if os.fstat(self._descriptor).st_size < region * REGION + size:
            raise RunError(f'region {region} ends before {size} bytes')
        try:
            mapped = mmap.mmap(self._descriptor, length, offset=region * REGION)
        except OSError as error:
            raise RunError(f'cannot map {size} bytes of memory shared by workers ({_name(error)}); lower --in-flight') from None
        # What was mapped before stays for whoever still looks at it, and goes with that.
        self._maps[region] = mapped, length
        return mapped

    def write(self, region: int, content: Any) -> None:
        """Writes what has a buffer as the content of a region. Raises RunError."""
        data = memoryview(content).cast('B') if len(memoryview(content)) else memoryview(b'')
        self.reserve(region, len(data))
        if len(data):
            self.view(region, len(data))[:] = data

    def write_from(self, region: int, address: int, size: int) -> None:
        """Writes `size` bytes at an address of this process."""
        self.reserve(region, size)
        if size:
            ctypes.memmove(address_of(self.view(region, size)), address, size)

    def read(self, region: int, size: int) -> bytes:
        """A copy of the first `size` bytes of a region."""
        return bytes(self.view(region, size))


def address_of(view: Union[memoryview, bytearray]) -> int:
    """Where a writable buffer is."""
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error))
