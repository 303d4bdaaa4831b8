"""What can go wrong, as exceptions that carry the library's own text."""

from __future__ import annotations

from typing import Sequence, Tuple


class AllotError(Exception):
    """Anything that Allot refuses. `str(error)` says what, where, and often the remedy, in a line for each error.

    diagnostics: all that was found before the failure, one line each, warnings and notes too.
    """

    def __init__(self, message: str, diagnostics: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.diagnostics: Tuple[str, ...] = tuple(diagnostics)


class InvalidInput(AllotError, ValueError):
    """A model, a file, a machine or an option is wrong."""


class OutOfMemory(AllotError, MemoryError):
    """The library could not get the memory that it needs."""


class InternalError(AllotError, RuntimeError):
    """A bug of Allot, or a library that does not belong to this package."""


class RunError(AllotError, RuntimeError):
    """The parts of a plan do not run here."""


class AllotWarning(UserWarning):
    """What the library warns of while it reads or places a model."""
