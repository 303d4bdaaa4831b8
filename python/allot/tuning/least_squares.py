"""Fitting two costs to measurements."""

from __future__ import annotations

from typing import Sequence, Tuple

_PARALLEL = 1e-9


def fit_two(points: Sequence[Tuple[float, float, float]]) -> Tuple[float, float]:
    """The non-negative a and b for which a * x + b * y is nearest to z over all points (x, y, z) in least squares; a is 0 where
    it would be negative, and so is b."""
    xx, yy, xy = (sum(x * x for x, _, _ in points), sum(y * y for _, y, _ in points), sum(x * y for x, y, _ in points))
    xz, yz = sum(x * z for x, _, z in points), sum(y * z for _, y, z in points)
    determinant = xx * yy - xy * xy
    if determinant <= _PARALLEL * xx * yy:  # points on a line through the origin tell only one of the two
        return (_alone(xx, xz), 0.0) if xx > 0 else (0.0, _alone(yy, yz))
    a, b = (xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant
    if a < 0:
        return 0.0, _alone(yy, yz)
    return (_alone(xx, xz), 0.0) if b < 0 else (a, b)


def _alone(own: float, both: float) -> float:
    return max(0.0, both / own) if own > 0 else 0.0
