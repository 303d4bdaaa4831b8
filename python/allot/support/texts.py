"""What programs print: one line out of several, durations, shares, tables."""

from __future__ import annotations

import re
from typing import Any, Optional, Sequence


def one_line(text: str) -> str:
    """`text` on one line: messages of ONNX Runtime and of JSON readers may have several."""
    text = re.sub(r'\s*[\r\n]+\s*', ' ', text.strip())
    return re.sub('[\x00-\x1f\x7f]', lambda control: f'\\x{ord(control.group()):02x}', text)


def duration(us: Optional[float]) -> str:
    """Microseconds with a unit: "12.3 ms"; "-" for None."""
    if us is None:
        return '-'
    scale, unit = (1e6, 's') if us >= 1e6 else (1000, 'ms') if us >= 1000 else (1, 'us')
    value = us / scale
    return f'{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}'


def percent(share: Optional[float]) -> str:
    """A share of one in per cent; "-" for None."""
    return '-' if share is None else f'{share * 100:.1f} %'


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of cells as aligned lines; the first column is left-aligned, the others right-aligned."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = []
    for row in cells:
        aligned = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        lines.append('  ' + '  '.join(aligned).rstrip() + '\n')
    return ''.join(lines)
