"""Messages between a run and a worker: JSON behind its length, over a pair of sockets."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, List, Optional

_LENGTH = struct.Struct('<I')
_encode = json.JSONEncoder(separators=(',', ':'), check_circular=False).encode
_STEP = 1 << 16


def pack(message: Any) -> bytes:
    """The bytes of a message."""
    data = _encode(message).encode()
    return _LENGTH.pack(len(data)) + data


class Unpacker:
    """Messages out of bytes that come in pieces."""

    def __init__(self) -> None:
        self._pending = b''

    def feed(self, data: bytes) -> List[Any]:
        """The messages that `data` completes."""
        pending = self._pending + data if self._pending else data
        messages: List[Any] = []
        at = 0
        while len(pending) - at >= 4:
            end = at + 4 + _LENGTH.unpack_from(pending, at)[0]
            if end > len(pending):
                break
            messages.append(json.loads(pending[at + 4:end]))
            at = end
        self._pending = pending[at:]
        return messages


class BlockingChannel:
    """A worker's end: it has nothing else to do than to wait."""

    def __init__(self, end: socket.socket) -> None:
        self._socket, self._unpacker = end, Unpacker()
        self._ready: List[Any] = []

    def receive(self) -> Optional[Any]:
        """The next message; None when the other end is gone."""
        while not self._ready:
            try:
                data = self._socket.recv(_STEP)
            except ConnectionError:
                return None
            if not data:
                return None
            self._ready = self._unpacker.feed(data)
        return self._ready.pop(0)

    def send(self, message: Any) -> None:
        """Raises OSError when the other end is gone."""
        self._socket.sendall(pack(message))
