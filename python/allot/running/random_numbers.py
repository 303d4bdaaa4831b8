"""Seeded numbers, the same on every machine."""

from __future__ import annotations

from typing import Any

import numpy

_STEP = 0x6D2B79F5
_MASK = 0xFFFFFFFF


class RandomNumbers:
    """Uniform numbers in [0, 1) by mulberry32, seeded by a number and a name (FNV-1a)."""

    def __init__(self, seed: int, name: str) -> None:
        state = 2166136261 ^ ((seed & _MASK) * 0x9E3779B1 & _MASK)
        for byte in name.encode(errors='surrogateescape'):
            state = (state ^ byte) * 16777619 & _MASK
        self._state = state

    def take(self, count: int) -> Any:
        """The next `count` numbers, as float64. O(count)."""
        with numpy.errstate(over='ignore'):
            steps = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(_STEP) + numpy.uint64(self._state)
            state = steps.astype(numpy.uint32)
            mixed = (state ^ (state >> 15)) * (state | numpy.uint32(1))
            mixed = (mixed + (mixed ^ (mixed >> 7)) * (mixed | numpy.uint32(61))) ^ mixed
            mixed ^= mixed >> 14
        self._state = (self._state + count * _STEP) & _MASK
        return mixed / 4294967296.0

    def __call__(self) -> float:
        """The next number."""
        return float(self.take(1)[0])
