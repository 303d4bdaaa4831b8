"""Lists of cores as Linux writes them."""

from __future__ import annotations

import json
import re
from typing import Any, List, Optional

_MOST_CORES = 65536  # more than any machine has


def why_no_core_list(text: Any) -> Optional[str]:
    """What is wrong with a list of cores that core_list() should read; None, and '' and None are no list."""
    if text is None or text == '':
        return None
    pieces = [re.fullmatch(r'([0-9]{1,9})(?:-([0-9]{1,9}))?', piece) for piece in text.split(',')] if isinstance(text, str) else [None]
    count = 0
    for piece in pieces:
        first, last = (0, -1) if piece is None else (int(piece.group(1)), int(piece.group(2) or piece.group(1)))
        if last < first:
            return f'cores: expected a list such as "0-3,8", not {json.dumps(text)[:80]}'
        count += last - first + 1
    return None if count <= _MOST_CORES else f'cores: {count} cores are more than any machine has'


def core_list(text: Optional[str]) -> List[int]:
    """'0-2,5' as [0, 1, 2, 5]."""
    cores: List[int] = []
    for piece in text.split(',') if text else []:
        first, _, last = piece.partition('-')
        cores += range(int(first), int(last or first) + 1)
    return cores
