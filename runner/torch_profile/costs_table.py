"""The table of measured costs that `allot --costs` reads: rows of operators, launches and transfers."""
import os
import re
import tempfile
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
    """Writes a file at once: to a temporary beside it, then renamed. A device or a pipe is written to, and a link stays. Raises
    OSError and leaves nothing behind."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(os.open(path, os.O_WRONLY), 'w', encoding='utf-8', newline='\n') as file:
            file.write(text)
        return
    descriptor, temporary = tempfile.mkstemp(prefix=os.path.basename(path) + '.', dir=os.path.dirname(path))
    try:
        with open(descriptor, 'w', encoding='utf-8', newline='\n') as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
