"""What somebody meant who wrote a name that is unknown."""

from __future__ import annotations

from typing import Iterable, Optional


def distance(a: str, b: str) -> int:
    """Levenshtein's distance, in time len(a) * len(b)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        following = [i]
        for j, y in enumerate(b, 1):
            following.append(min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (x != y)))
        row = following
    return row[-1]


def nearest_name(name: str, names: Iterable[str]) -> Optional[str]:
    """The one of `names` that is nearest to `name`, the first of equals by their text; None if none is near."""
    best = min(((distance(name, other), other) for other in names), default=None)
    return best[1] if best and best[0] <= max(2, len(name) / 3) else None
