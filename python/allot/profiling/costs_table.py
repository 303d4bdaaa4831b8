"""Tables of measured costs: the CSV that `allot --costs` reads. docs/cost-model.md has the meaning of each column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Sequence, Tuple

from ..errors import InvalidInput
from ..support.files import read_input, reason
from ..support.numbers import plain

_COLUMNS = ('what', 'node', 'device', 'to', 'bytes', 'time_us', 'fused_into')
_NEEDED = ('node', 'device', 'time_us')


@dataclass(frozen=True)
class CostRow:
    """`what` is 'op', 'launch' or 'transfer'; `time_us` microseconds. What a kind of row does not have is ''."""

    what: str
    device: str
    time_us: float
    node: str = ''
    to: str = ''
    bytes: str = ''
    fused_into: str = ''


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n#]|^\s|\s\Z', text) else text


def print_costs(comments: Sequence[str], rows: Sequence[CostRow]) -> str:
    """The text of a table: comment lines, then a header and the rows in their order."""
    lines = ['# ' + re.sub(r'\s+', ' ', comment) for comment in comments] + [','.join(_COLUMNS)]
    for row in rows:
        time = plain(row.time_us, 3)  # nanoseconds are finer than any clock here
        lines.append(','.join(map(_quoted, (row.what, row.node, row.device, row.to, row.bytes, time, row.fused_into))))
    return '\n'.join(lines) + '\n'


class _Record(NamedTuple):
    line: int
    cells: List[str]


def _quoted_cell(text: str, at: int, place: str) -> Tuple[str, int]:
    """The content of a cell whose quote opens at `at`, and where what follows begins."""
    begin = at = at + 1
    while True:
        end = text.find('"', at)
        if end < 0:
            raise InvalidInput(f'{place}: a quoted field has no end')
        if text[end + 1:end + 2] != '"':
            return text[begin:end].replace('""', '"'), end + 1
        at = end + 2


def _records(text: str, file: str) -> List[_Record]:
    """Records of RFC 4180, without comment lines and empty ones."""
    result: List[_Record] = []
    plain_text = re.compile('[^,\n]*')
    at, line = 0, 1
    while at < len(text):
        if text[at] == '#':
            end = text.find('\n', at)
            at = len(text) if end < 0 else end + 1
            line += 1
            continue
        record = _Record(line, [])
        while True:
            cell = ''
            if text[at:at + 1] == '"':
                cell, at = _quoted_cell(text, at, f'{file}:{record.line}')
                line += cell.count('\n')
            rest = plain_text.match(text, at)
            assert rest is not None  # it takes nothing, too
            record.cells.append(cell + rest.group().replace('\r', ''))
            at = rest.end() + 1
            if text[rest.end():at] != ',':
                break
        line += 1
        if record.cells != ['']:
            result.append(record)
    return result


def parse_costs(text: str, file: str) -> List[CostRow]:
    """The rows of a table as print_costs() prints it. Raises InvalidInput with the line."""
    records = _records(text, file)
    header = [cell.strip() for cell in records[0].cells] if records else []
    column = {name: i for i, name in enumerate(header)}
    for name in _NEEDED:
        if name not in column:
            raise InvalidInput(f'{file}: the header has no column {name}')
    return [_row(record, column, file) for record in records[1:]]


def _row(record: _Record, column: Dict[str, int], file: str) -> CostRow:
    def cell(name: str) -> str:
        i = column.get(name, len(record.cells))
        return record.cells[i] if i < len(record.cells) else ''

    text = cell('time_us')
    try:
        time = -1.0 if '_' in text else float(text)
    except ValueError:
        time = -1.0
    if not (time >= 0 and math.isfinite(time)):
        raise InvalidInput(f'{file}:{record.line}: time_us "{text}" is not a non-negative number')
    return CostRow(cell('what') or 'op', cell('device'), time, cell('node'), cell('to'), cell('bytes'), cell('fused_into'))


def read_costs(file: str) -> List[CostRow]:
    """parse_costs() of a file. Raises InvalidInput."""
    try:
        text = read_input(file).decode(errors='replace')
    except OSError as error:
        raise InvalidInput(f'{file}: {reason(error)}') from None
    return parse_costs(text, file)
