"""What programs say on the terminal while they work: progress, warnings, colours."""

from __future__ import annotations

import os
import sys
import time
from typing import Set, TextIO

_TONES = {'good': '32', 'warning': '33', 'error': '1;31', 'strong': '1', 'faint': '2'}
_began = time.monotonic()
_said: Set[str] = set()


def in_tone(tone: str, text: str, stream: TextIO) -> str:
    """`text` in a tone, where `stream` is a terminal that may have colour (NO_COLOR is not set, TERM is not "dumb")."""
    terminal = os.environ.get('TERM')
    if not stream.isatty() or os.environ.get('NO_COLOR') or not terminal or terminal == 'dumb':
        return text
    return f'\x1b[{_TONES[tone]}m{text}\x1b[0m'


def clear_line() -> str:
    """What removes a line of progress() from the terminal; nothing where stderr is none."""
    return '\r\x1b[K' if sys.stderr.isatty() else ''


def progress(text: str) -> None:
    """Replaces a line on the terminal with `text` and how long it has been; prints nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        return
    if text and not text.endswith('\n'):
        text = in_tone('faint', f'{text}  {time.monotonic() - _began:.1f} s', sys.stderr)
    sys.stderr.write(clear_line() + text)
    sys.stderr.flush()


def warn(text: str) -> None:
    """Writes `warning: text` to stderr, once."""
    if text in _said:
        return
    _said.add(text)
    sys.stderr.write(f'{clear_line()}{in_tone("warning", "warning:", sys.stderr)} {text}\n')
