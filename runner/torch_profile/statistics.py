"""Medians and how much measurements differ."""
from typing import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by nearest rank; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[min(len(ordered) - 1, max(0, rank - 1))]


def median(values: Sequence[float]) -> float:
    """The middle of the values."""
    return quantile(values, 0.5)


def spread(values: Sequence[float]) -> float:
    """The interquartile range over the median."""
    middle = median(values)
    return (quantile(values, 0.75) - quantile(values, 0.25)) / middle if middle > 0 else 0.0
