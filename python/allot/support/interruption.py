"""Signals that ask a program to end, as an exception: so whatever it has begun is put away in order."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, Iterator

from ..errors import RunError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(RunError):
    """`signal_number` says by what."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f'interrupted by {signal.Signals(signal_number).name}')
        self.signal_number = signal_number


def _raise(number: int, frame: Any) -> None:
    ignore_interruptions()  # one is enough, and must not disturb what follows from it
    raise Interrupted(number)


def ignore_interruptions() -> None:
    """From now on signals that ask to end do nothing; in the main thread."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it the first signal that asks to end raises Interrupted in the main thread; further ones do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, _raise) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler if handler is not None else signal.SIG_DFL)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Within it no signal that asks to end arrives; one that has come meanwhile does so at the end. Children inherit it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
