"""The thread of a rank that runs parts, so that the main thread moves tensors meanwhile."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple

from ...errors import RunError
from ..part_session import PartSession


class PartDone:
    """A part of a sample that has run: what became of its outputs and when, or why it failed."""

    __slots__ = ('sample', 'part', 'made', 'times', 'error')

    def __init__(self, sample: int, part: int) -> None:
        self.sample, self.part = sample, part
        self.made: Sequence[Any] = ()
        self.times: Sequence[int] = ()
        self.error: Optional[str] = None


class ComputeThread:
    """Runs parts one after the other, as they are given. ONNX Runtime computes without holding the interpreter.
    `look(sample, part, made)` is called behind each, to compare outputs while they lie where they were made."""

    def __init__(self, sessions: Mapping[str, PartSession], look: Callable[[int, int, Sequence[Any]], None]) -> None:
        self._sessions, self._look = sessions, look
        self._todo: 'queue.SimpleQueue[Optional[Tuple[int, int, str, Any, Any]]]' = queue.SimpleQueue()
        self._done: 'queue.SimpleQueue[PartDone]' = queue.SimpleQueue()
        self._since: Optional[float] = None  # when it began with what it is at
        self.given = 0  # parts that it has and is not known to have done
        self._thread = threading.Thread(target=self._serve, daemon=True)  # a part may never end
        self._thread.start()

    def give(self, sample: int, part: int, session: str, inputs: Any, outputs: Any) -> None:
        """Has a part run behind those that were given before."""
        self.given += 1
        self._todo.put((sample, part, session, inputs, outputs))

    def wait(self, timeout_s: float) -> Optional[PartDone]:
        """The next part that is done; None if none is after so long."""
        try:
            done = self._done.get(timeout=timeout_s) if timeout_s > 0 else self._done.get_nowait()
        except queue.Empty:
            return None
        self.given -= 1
        return done

    def busy_s(self) -> float:
        """For how long it has been at one part."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def end(self) -> None:
        """Ends the thread, behind what it is at."""
        self._todo.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while True:
            item = self._todo.get()
            if item is None:
                return
            sample, part, session, inputs, outputs = item
            done = PartDone(sample, part)
            self._since = time.monotonic()
            try:
                made, done.times = self._sessions[session].run(inputs, outputs)
                done.made = made
                self._look(sample, part, made)
            except RunError as error:
                done.error = str(error)
            except Exception as error:
                done.error = f'{type(error).__name__}: {error}'
            self._since = None
            self._done.put(done)
