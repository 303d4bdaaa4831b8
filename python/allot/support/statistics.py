"""Medians and their like."""

from __future__ import annotations

import math
from typing import Dict, Optional, Sequence

NOISY = 0.1
"""What repeated measurements of one thing may differ by before it has to be said: more than plans differ by."""


def quantile(values: Sequence[float], q: float) -> Optional[float]:
    """The value below which a share `q` of the values lies (nearest rank); None of none. O(n log n)."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(q * len(ordered)) - 1))]


def median(values: Sequence[float]) -> Optional[float]:
    """None of none."""
    return quantile(values, 0.5)


def mean(values: Sequence[float]) -> Optional[float]:
    """None of none."""
    return sum(values) / len(values) if values else None


def spread(values: Sequence[float]) -> float:
    """The interquartile range over the median: how much repeated measurements of one thing differ."""
    middle, high, low = median(values), quantile(values, 0.75), quantile(values, 0.25)
    return (high - low) / middle if middle and high is not None and low is not None else 0.0


def value_range(values: Sequence[float]) -> float:
    """The range over the median, for few values."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def summarise(values: Sequence[float]) -> Dict[str, Optional[float]]:
    """{median, p90, p99, max, spread} of times."""
    return {'median': median(values), 'p90': quantile(values, 0.9), 'p99': quantile(values, 0.99), 'max': quantile(values, 1),
            'spread': spread(values)}
