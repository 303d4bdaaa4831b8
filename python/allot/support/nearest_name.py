"""What somebody meant who wrote a name that is unknown."""

from __future__ import annotations

from typing import Iterable, Optional, Sequence

_MOST_LISTED = 8


def distance(a: str, b: str) -> int:
    """Levenshtein's. O(len(a) len(b))."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        following = [i]
        for j, other in enumerate(b, 1):
            following.append(min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (char != other)))
        row = following
    return row[-1]


def nearest_name(name: str, names: Iterable[str]) -> Optional[str]:
    """The one of `names` that is nearest to `name`, the first of equals by their text; None if none is near."""
    best = min(((distance(name, other), other) for other in names), default=None)
    return best[1] if best is not None and best[0] <= max(2, len(name) / 3) else None


def suggestion(name: str, names: Sequence[str]) -> str:
    """"; did you mean 'ids'?", or what there is."""
    near = nearest_name(name, names)
    if near is not None:
        return f"; did you mean '{near}'?"
    return f" (there are {', '.join(names[:_MOST_LISTED]) or 'none'}{', ...' if len(names) > _MOST_LISTED else ''})"
