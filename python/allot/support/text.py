"""Texts for people: one line, durations, percentages, tables."""

from __future__ import annotations

import re
from typing import Any, List, Optional, Sequence

_BREAK = re.compile(r'\s*[\r\n]+\s*')
_CONTROL = re.compile('[\x00-\x1f\x7f]')


def one_line(text: str) -> str:
    """`text` on one line, without control characters: messages of ONNX Runtime may have several."""
    return _CONTROL.sub(lambda found: f'\\x{ord(found.group()):02x}', _BREAK.sub(' ', text.strip()))


def duration(us: Optional[float]) -> str:
    """Microseconds with a unit: '12.3 ms'; '-' for None."""
    if us is None:
        return '-'
    scale, unit = (1e6, 's') if us >= 1e6 else (1000.0, 'ms') if us >= 1000 else (1.0, 'us')
    value = us / scale
    return f'{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}'


def percent(share: Optional[float]) -> str:
    """0.125 as '12.5 %'; '-' for None."""
    return '-' if share is None else f'{share * 100:.1f} %'


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of cells as aligned lines; the first column is left-aligned, the others right-aligned."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines: List[str] = []
    for row in rows:
        cells = [str(cell).ljust(widths[i]) if i == 0 else str(cell).rjust(widths[i]) for i, cell in enumerate(row)]
        lines.append('  ' + '  '.join(cells).rstrip() + '\n')
    return ''.join(lines)
