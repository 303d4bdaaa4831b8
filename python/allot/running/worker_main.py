"""A worker process: holds the sessions of one device and runs their parts, one after the other, as it is told.

Requests come through a socket, tensors through shared memory. A tensor that several parts of this device take is fetched once;
one that only this device takes never leaves the process, nor the device.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..errors import RunError
from ..support.interruption import SIGNALS, ignore_interruptions
from .channel import BlockingChannel
from .cores import core_list

_PR_SET_PDEATHSIG = 1


def _end_with(parent: int) -> None:
    """A worker sees that its parent is gone between two parts only; where the system can see to it, it ends at once."""
    if sys.platform == 'linux':
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def pin(cores: Optional[str]) -> None:
    """Pins this process to cores of a device. Raises RunError."""
    if not cores or not hasattr(os, 'sched_setaffinity'):
        return
    try:
        os.sched_setaffinity(0, core_list(cores))
    except (OSError, ValueError, OverflowError) as error:
        there = ','.join(map(str, sorted(os.sched_getaffinity(0))))
        raise RunError(f'it cannot be pinned to cores {cores} ({getattr(error, "strerror", None) or error}); '
                       f'this process may use {there}') from None


class _Worker:
    def __init__(self, memory: int) -> None:
        # Only now: threads of libraries inherit the cores that the process is pinned to.
        from .part_session import PartSession
        from .runtime import SessionSettings, load_runtime, make_session
        from .shared_memory import SharedMemory
        from .tensor_store import TensorStore

        ort = self._ort = load_runtime()
        self._store = TensorStore(ort, SharedMemory(memory))
        self._parts: Dict[str, PartSession] = {}

        def load(part: str, path: str, said: Dict[str, Any]) -> Dict[str, Any]:
            settings = SessionSettings.from_json(said)
            session = make_session(ort, path, settings)
            self._parts[part] = PartSession(ort, session, settings, self._store)
            return {'inputs': _about(session.get_inputs()), 'outputs': _about(session.get_outputs()),
                    'overridable': _about(session.get_overridable_initializers())}

        self._load = load

    def run(self, part: str, inputs: Any, outputs: Any) -> Tuple[Any, Any]:
        # Only what a step leaves to the next one is said of the next step.
        whole = [one if len(one) == 6 else (*one, None, 0) for one in outputs]
        return self._parts[part].run(inputs, whole)

    def load(self, part: str, path: str, said: Dict[str, Any]) -> Any:
        return self._load(part, path, said)

    def unload(self, part: str) -> None:
        self._parts.pop(part, None)

    def forget(self) -> None:
        self._store.forget()

    def end_profiling(self, part: str) -> Any:
        return self._parts[part].session.end_profiling()

    def providers(self) -> Any:
        return self._ort.get_available_providers()


def _about(values: Any) -> List[Dict[str, Any]]:
    from .element_types import element_type

    return [{'name': value.name, 'type': element_type(value.type), 'kind': value.type,
             'shape': [size if isinstance(size, (int, str)) else None for size in value.shape]} for value in values]


def serve(channel: BlockingChannel, memory: int, cores: Optional[str]) -> None:
    """Answers requests, one at a time, until the other end is gone."""
    try:
        pin(cores)
        worker = _Worker(memory)
    except RunError as error:
        channel.send([0, None, str(error)])
        return
    operations: Dict[str, Callable[..., Any]] = {
        'run': worker.run, 'load': worker.load, 'unload': worker.unload, 'forget': worker.forget, 'end_profiling': worker.end_profiling,
        'providers': worker.providers}
    while True:
        request = channel.receive()
        if request is None:
            return
        number, operation, *arguments = request
        try:
            answer = [number, operations[operation](*arguments)]
        except RunError as error:
            answer = [number, None, str(error)]
        except Exception as error:
            answer = [number, None, f'{type(error).__name__}: {error}']
        channel.send(answer)


def main(words: List[str]) -> None:
    """The process: words are the descriptors of socket and shared memory, the parent, and the cores or ''."""
    end, memory, parent, cores = int(words[0]), int(words[1]), int(words[2]), words[3]
    _end_with(parent)
    ignore_interruptions()  # what one from the terminal means, the parent decides
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        serve(BlockingChannel(socket.socket(fileno=end)), memory, cores)
    except OSError:  # the parent is gone
        pass
    sys.stderr.flush()
    os._exit(0)  # without taking apart what ends anyway
