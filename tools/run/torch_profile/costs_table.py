"""The table of measured costs that `allot --costs` reads: rows of operators, launches and transfers."""
import os
import re
from dataclasses import dataclass
from typing import Iterable, List, Union

_COLUMNS = ('what', 'node', 'device', 'to', 'bytes', 'time_us', 'fused_into')


@dataclass
class Row:
    """A row; `what` is 'op', 'launch' or 'transfer', the time is in microseconds."""
    what: str
    device: str
    time_us: float
    node: str = ''
    to: str = ''
    bytes: Union[int, str] = ''
    fused_into: str = ''


def _cell(row: Row, column: str) -> str:
    if column == 'time_us':
        text = f'{row.time_us:.3f}'.rstrip('0').rstrip('.')
        return text or '0'
    text = str(getattr(row, column))
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n#]|^\s|\s$', text) else text


def print_costs(comments: Iterable[str], rows: Iterable[Row]) -> str:
    """The text of a table: comment lines, then a header and the rows in their order, times to the nanosecond."""
    lines: List[str] = ['# ' + re.sub(r'\s+', ' ', comment) for comment in comments]
    lines.append(','.join(_COLUMNS))
    lines += [','.join(_cell(row, column) for column in _COLUMNS) for row in rows]
    return '\n'.join(lines) + '\n'


def write_whole(path: str, text: str) -> None:
    """Writes a file at once: to a temporary beside it, then renamed. Raises OSError and leaves nothing behind."""
    temporary = f'{path}.{os.getpid()}.tmp'
    try:
        with open(temporary, 'w', encoding='utf-8', newline='\n') as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
