"""Worker processes as their parent sees them: one per device, pinned to the device's cores, with memory in common."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, Iterator, Optional, Sequence

from ..errors import RunError
from ..support.interruption import undisturbed
from .channel import Unpacker, pack
from .runtime import SessionSettings
from .shared_memory import SharedMemory, create_shared_memory

STALL_TIMEOUT_S = 120.0
_TICK_S = 0.25
_STEP = 1 << 16
_WORDS_KEPT = 4000

# The worker finds what its parent finds, and nothing in the folder that it happens to run in.
_BETWEEN = '\x1f'
_BOOT = ('import sys; sys.path[:] = sys.argv[1].split("\x1f"); '
         'from allot.running.worker_main import main; main(sys.argv[2:])')


@dataclass(frozen=True)
class WorkerDevice:
    """A device that a worker stands for."""

    name: str
    cores: Optional[str] = None  # a list as Linux writes it; None: any


class Reply:
    """What a worker will answer. `times` and the like are in `result` once it is `done`."""

    __slots__ = ('workers', 'what', 'then', 'done', 'value', 'error')

    def __init__(self, workers: 'Workers', what: str, then: Optional[Callable[['Reply'], None]]) -> None:
        self.workers, self.what, self.then = workers, what, then
        self.done = False
        self.value: Any = None
        self.error: Optional[RunError] = None

    def result(self) -> Any:
        """Waits for the answer. Raises RunError: the worker's, or of one that died."""
        while not self.done:
            self.workers.pump()
        if self.error is not None:
            raise self.error
        return self.value


def _last_words(complaints: bytes) -> Optional[str]:
    """What a dying process said: the interpreter puts the error behind the stack."""
    lines = [line.strip() for line in complaints.decode(errors='replace').split('\n') if line.strip()]
    errors = [line for line in lines if line.split(':')[0].split('.')[-1].endswith(('Error', 'error'))]
    return (errors or lines)[-1] if lines else None


class _Worker:
    def __init__(self, device: WorkerDevice, memory: int, selector: selectors.BaseSelector) -> None:
        self.device, self._selector = device.name, selector
        self.waiting: Dict[int, Reply] = {}
        self.next_number = 1
        self.silent_s = 0.0
        self.complaints = b''
        self.unsent: Deque[bytes] = deque()
        self.unpacker = Unpacker()
        self.socket, theirs = socket.socketpair()
        try:
            self.process = subprocess.Popen(
                [sys.executable, '-c', _BOOT, _BETWEEN.join(os.path.abspath(path) for path in sys.path if path), str(theirs.fileno()),
                 str(memory), str(os.getpid()), device.cores or ''],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=(theirs.fileno(), memory))
        except OSError as error:
            self.socket.close()
            raise RunError(f'the worker of device {device.name} cannot be started: {error.strerror}') from None
        finally:
            theirs.close()
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, (self, 'socket'))
        assert self.process.stderr is not None
        os.set_blocking(self.process.stderr.fileno(), False)
        selector.register(self.process.stderr, selectors.EVENT_READ, (self, 'stderr'))

    def ask(self, operation: str, arguments: Sequence[Any], reply: Reply) -> None:
        if not self.waiting:
            self.silent_s = 0.0
        self.waiting[self.next_number] = reply
        self.unsent.append(pack([self.next_number, operation, *arguments]))
        self.next_number += 1
        self.flush()

    def flush(self) -> None:
        """Sends what the socket takes; the selector says when it takes more."""
        try:
            while self.unsent:
                sent = self.socket.send(self.unsent[0])
                if sent == len(self.unsent[0]):
                    self.unsent.popleft()
                else:
                    self.unsent[0] = self.unsent[0][sent:]
        except BlockingIOError:
            pass
        except OSError:  # it has ended or is about to; that event says why
            self.unsent.clear()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.unsent else 0)
        if self._selector.get_key(self.socket).events != wanted:
            self._selector.modify(self.socket, wanted, (self, 'socket'))

    def died(self, why: str) -> RunError:
        """The error that says so."""
        doing = next((reply.what for reply in self.waiting.values()), None)
        return RunError(f'the worker of device {self.device} (process {self.process.pid}) {why}{f" at: {doing}" if doing else ""}')

    def end(self) -> RunError:
        """Why a process that has closed its socket has ended."""
        try:
            status = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return self.died('does not answer any more')
        with contextlib.suppress(OSError):
            assert self.process.stderr is not None
            self.complaints += self.process.stderr.read() or b''
        last = _last_words(self.complaints)
        how = f'was killed by {_signal_name(-status)}' if status < 0 else f'ended with status {status}'
        return self.died(f'{how}{f" ({last})" if last else ""}')

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.close()
        if self.process.stderr is not None:
            self.process.stderr.close()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'


class Workers:
    """The workers of a run. Use `workers_for`, which sees to it that none outlives it. Not for several threads."""

    def __init__(self, stall_timeout_s: float = STALL_TIMEOUT_S) -> None:
        self._stall_timeout_s = stall_timeout_s
        self._descriptor = create_shared_memory()
        self._selector = selectors.DefaultSelector()
        self.memory = SharedMemory(self._descriptor)
        self._regions = 0
        self._last_tick = time.monotonic()
        self._by_device: Dict[str, _Worker] = {}

    def start(self, devices: Sequence[WorkerDevice]) -> None:
        """Starts a worker for each device. Raises RunError."""
        for device in devices:
            with undisturbed():
                self._by_device[device.name] = _Worker(device, self._descriptor, self._selector)

    def new_region(self) -> int:
        """A region of the shared memory that nobody has."""
        self._regions += 1
        return self._regions - 1

    def ask(self, device: str, operation: str, arguments: Sequence[Any], what: str,
            then: Optional[Callable[[Reply], None]] = None) -> Reply:
        """Asks the worker of a device, which does one thing after the other. `what` it is, for messages; `then` is called by
        pump() when the answer is there."""
        reply = Reply(self, what, then)
        self._by_device[device].ask(operation, arguments, reply)
        return reply

    def load(self, device: str, part: str, path: str, settings: SessionSettings) -> Reply:
        """Loads a model file as `part`. Result: {inputs, outputs, overridable}: [{name, type, kind, shape}], type being None for
        what is no tensor."""
        return self.ask(device, 'load', (part, path, settings.to_json()), f'load {path}')

    def unload(self, device: str, part: str) -> Reply:
        """Forgets a part."""
        return self.ask(device, 'unload', (part,), f'unload {part}')

    def run(self, device: str, part: str, inputs: Sequence[Any], outputs: Sequence[Any], what: Optional[str] = None,
            then: Optional[Callable[[Reply], None]] = None) -> Reply:
        """Runs a part. inputs: [name, key, uses, type, dims, bytes, region], outputs: [name, key, region or None, uses] or
        [..., next key, next uses], where `uses` is how often parts of this device take the tensor called `key`, and the next ones
        are of a later step. Result: [[type, dims, bytes] of each output, [start, inputs read, computed, outputs written]] in
        nanoseconds of the machine's clock."""
        return self.ask(device, 'run', (part, inputs, outputs), what if what is not None else f'run {part}', then)

    def forget(self, device: str) -> Reply:
        """Drops the tensors that a device holds for parts to come."""
        return self.ask(device, 'forget', (), 'forget tensors')

    def end_profiling(self, device: str, part: str) -> Reply:
        """Ends the profile of a part that was loaded with one; its file, whose path is the result, is then complete."""
        return self.ask(device, 'end_profiling', (part,), f'end the profile of {part}')

    def pump(self) -> None:
        """Waits for something to happen, a quarter of a second at most, and has it handled: answers are given to whoever waits
        for them. Raises RunError when a worker has died or does not answer."""
        for key, events in self._selector.select(_TICK_S):
            worker, which = key.data
            if which == 'stderr':
                self._hear(worker)
                continue
            if events & selectors.EVENT_WRITE:
                worker.flush()
            if events & selectors.EVENT_READ:
                self._receive(worker)
        self._tick()

    def _hear(self, worker: _Worker) -> None:
        data = worker.process.stderr.read(_STEP)  # type: ignore[union-attr]
        if data:
            worker.complaints = (worker.complaints + data)[-_WORDS_KEPT:]
        elif data == b'':
            self._selector.unregister(worker.process.stderr)  # type: ignore[arg-type]

    def _receive(self, worker: _Worker) -> None:
        try:
            data = worker.socket.recv(_STEP)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            raise worker.end()
        for number, value, *error in worker.unpacker.feed(data):
            if number == 0:  # it cannot even begin
                raise RunError(f'device {worker.device}: {error[0]}')
            reply = worker.waiting.pop(number)
            worker.silent_s = 0.0
            reply.done, reply.value = True, value
            if error:
                reply.error = RunError(f'device {worker.device}: {reply.what}: {error[0]}')
            if reply.then is not None:
                reply.then(reply)

    def _tick(self) -> None:
        """Counts time that we see pass, so that none does for a run that is suspended as a whole."""
        now = time.monotonic()
        passed = now - self._last_tick
        if passed < _TICK_S:
            return
        self._last_tick = now
        for worker in self._by_device.values():
            if worker.waiting:
                worker.silent_s += min(passed, 2 * _TICK_S)
                if worker.silent_s >= self._stall_timeout_s:
                    raise worker.died(f'has not answered for {self._stall_timeout_s:g} s (--stall-timeout)')

    def stop(self) -> None:
        """Ends all workers, whatever they do, and frees the memory."""
        for worker in self._by_device.values():
            worker.process.kill()
        for worker in self._by_device.values():
            worker.close()
        self._selector.close()
        os.close(self._descriptor)


@contextlib.contextmanager
def workers_for(devices: Sequence[WorkerDevice], stall_timeout_s: float = STALL_TIMEOUT_S) -> Iterator[Workers]:
    """Workers for devices, which end with the block, however it ends. Raises RunError."""
    workers = Workers(stall_timeout_s)
    try:
        workers.start(devices)
        yield workers
    finally:
        with undisturbed():
            workers.stop()
