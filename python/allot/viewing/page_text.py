"""Figures and texts as the pages of `allot view` show them."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import re
from typing import Any, Optional


def source(name: str) -> str:
    """A file of the package's folder `page`."""
    with open(os.path.join(os.path.dirname(__file__), 'page', name), encoding='utf-8') as file:
        return file.read()


def hash_of(script: str) -> str:
    """What a policy calls a script that it lets run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def in_script(value: Any) -> str:
    """`value` as JSON that no tag ends."""
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).replace('<', '\\u003c')


def escape_html(text: Any) -> str:
    """`text` as content or attribute of HTML."""
    return re.sub('[&<>"\']', lambda one: f'&#{ord(one.group())};', str(text))


def shortest(value: float, digits: int) -> str:
    """`value` with so many significant digits, without zeros at the end."""
    return f'{float(f"{value:.{digits}g}"):.15g}'


def time(us: Optional[float]) -> str:
    """Microseconds with a unit that suits them."""
    if us is None:
        return '–'
    scale, unit = (1e6, 's') if abs(us) >= 1e6 else (1000, 'ms') if abs(us) >= 1000 else (1, 'µs')
    return f'{shortest(us / scale, 4)} {unit}'


def size(count: float) -> str:
    """Bytes with a unit that suits them."""
    unit = min(4, max(0, math.floor(math.log2(max(count, 1)) / 10)))
    return f'{float(f"{count / 1024 ** unit:.1f}"):.15g} {("B", "KiB", "MiB", "GiB", "TiB")[unit]}'


def percent(share: float) -> str:
    """A share of one in per cent."""
    return f'{100 * share:.1f} %'
