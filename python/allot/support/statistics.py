"""Medians and their like."""

from __future__ import annotations

import math
from typing import Sequence

NOISY = 0.1  # what repeated measurements of one thing may differ by before it has to be said: more than plans differ by


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which a share `q` of the values lies (nearest rank). `values` must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(q * len(ordered)) - 1))]


def median(values: Sequence[float]) -> float:
    """The lower of the middle values. `values` must not be empty."""
    return quantile(values, 0.5)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. `values` must not be empty."""
    return sum(values) / len(values)


def spread(values: Sequence[float]) -> float:
    """The interquartile range over the median: how much repeated measurements of one thing differ; 0 of none."""
    middle = median(values) if values else 0
    return (quantile(values, 0.75) - quantile(values, 0.25)) / middle if middle > 0 else 0


def value_range(values: Sequence[float]) -> float:
    """The range over the median, for few values; 0 of none."""
    middle = median(values) if values else 0
    return (max(values) - min(values)) / middle if middle > 0 else 0
