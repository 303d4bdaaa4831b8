"""Messages between ranks: a header says which tensor of which sample follows, the tensor's bytes come behind it, in pieces.

Pieces are so small that Open MPI sends them without asking the other side first: all of a tensor is at once the system's to
move, and nobody has to wait until a thread over there gets its turn on a core that computes.
Only one thread calls MPI. What is received goes straight to the place that parts read it from, what is sent leaves from where a
part wrote it; neither is copied by us.
"""

from __future__ import annotations

import json
import time
from typing import Any, Callable, Dict, List, Tuple

from ...errors import RunError

HEADER, DONE, WINDOW, CLOCK, READY, BYTES = 1, 2, 3, 4, 5, 16
"""Tags. BYTES and above: the data of a place of a tensor."""
_CONTROL = (HEADER, DONE, WINDOW)
_MOST_TOLD = 4096  # bytes of a header
PIECE = 1_000_000
"""Bytes of a message at most."""
EAGER = 1 << 20
"""What Open MPI is to send at once: a piece with its own header."""


class Arrival:
    """A tensor on its way here."""

    __slots__ = ('sample', 'tensor', 'kind', 'dims', 'size', 'source', 'sent', 'arrived', 'missing')

    def __init__(self, sample: int, tensor: int, kind: str, dims: List[int], size: int, source: int, sent: int) -> None:
        self.sample, self.tensor, self.kind, self.dims, self.size = sample, tensor, kind, dims, size
        self.source, self.sent, self.arrived = source, sent, 0
        self.missing = -(-size // PIECE)  # pieces


class Messages:
    """Of one rank. `place(sample, tensor, size)` gives the memory that a tensor is received into, and what tells it from
    others that may be under way between two ranks at once."""

    def __init__(self, mpi: Any, comm: Any, place: Callable[[int, int, int], Tuple[Any, int]]) -> None:
        self._mpi, self._comm, self._place = mpi, comm, place
        self._status = mpi.Status()
        self._receiving: List[Tuple[Any, Arrival]] = []
        self._sending: Dict[int, List[Any]] = {}  # of each sample, with the buffers that must live as long
        self._told: List[Tuple[Any, Any]] = []
        self.heard: Dict[int, float] = {}  # rank -> when its last message was seen

    def send_tensor(self, rank: int, sample: int, tensor: int, made: Tuple[str, List[int], int], data: Any, place: int) -> None:
        """Begins to send `data`, which must stay as it is until sent(sample)."""
        kind, dims, size = made
        header = json.dumps([sample, tensor, kind, dims, size, time.monotonic_ns()]).encode()
        if len(header) > _MOST_TOLD:
            raise RunError(f'a tensor of {len(dims)} dimensions is more than can be sent')
        requests = self._sending.setdefault(sample, [])
        requests.append((self._comm.Isend([header, self._mpi.BYTE], rank, HEADER), header))
        for begin in range(0, size, PIECE):
            piece = data[begin:begin + PIECE]
            requests.append((self._comm.Isend([piece, self._mpi.BYTE], rank, BYTES + place), piece))

    def sent(self, sample: int) -> bool:
        """Whether all that was to be sent of a sample has left."""
        requests = self._sending.get(sample)
        if requests is None:
            return True
        if not all(request.Test() for request, _ in requests):
            return False
        del self._sending[sample]
        return True

    def tell(self, rank: int, tag: int, number: int) -> None:
        """Sends a number."""
        data = number.to_bytes(8, 'little', signed=True)
        self._told = [one for one in self._told if not one[0].Test()]
        self._told.append((self._comm.Isend([data, self._mpi.BYTE], rank, tag), data))

    def flush(self) -> None:
        """Waits until all that was told has left."""
        self._mpi.Request.Waitall([request for request, _ in self._told])
        self._told = []

    def busy(self) -> bool:
        """Whether tensors are on their way, from here or to here."""
        return bool(self._receiving or self._sending)

    def poll(self) -> Tuple[List[Arrival], List[Tuple[int, int, int]]]:
        """Moves things on. Tensors that have arrived, and numbers that were told: (rank, tag, number)."""
        arrived: List[Arrival] = []
        numbers: List[Tuple[int, int, int]] = []
        for tag in _CONTROL:
            while True:
                message = self._comm.Improbe(source=self._mpi.ANY_SOURCE, tag=tag, status=self._status)
                if message is None:
                    break
                source = self._status.Get_source()
                self.heard[source] = time.monotonic()
                data = bytearray(self._status.Get_count(self._mpi.BYTE))
                message.Recv([data, self._mpi.BYTE])
                if tag == HEADER:
                    self._announced(source, data, arrived)
                else:
                    numbers.append((source, tag, int.from_bytes(data, 'little', signed=True)))
        if self._receiving:
            arrived += self._received()
        return arrived, numbers

    def _announced(self, source: int, header: bytearray, arrived: List[Arrival]) -> None:
        sample, tensor, kind, dims, size, sent = json.loads(header)
        arrival = Arrival(sample, tensor, kind, dims, size, source, sent)
        if size == 0:
            arrival.arrived = time.monotonic_ns()
            arrived.append(arrival)
            return
        memory, place = self._place(sample, tensor, size)
        for begin in range(0, size, PIECE):  # they come in the order in which they were sent
            piece = memory[begin:begin + PIECE]
            self._receiving.append((self._comm.Irecv([piece, self._mpi.BYTE], source, BYTES + place), arrival))

    def _received(self) -> List[Arrival]:
        indices = self._mpi.Request.Testsome([request for request, _ in self._receiving])
        if not indices:
            return []
        now = time.monotonic_ns()
        done: List[Arrival] = []
        for index in sorted(indices):
            arrival = self._receiving[index][1]
            arrival.missing -= 1
            if arrival.missing == 0:
                arrival.arrived = now
                done.append(arrival)
        taken = set(indices)
        self._receiving = [one for index, one in enumerate(self._receiving) if index not in taken]
        return done
