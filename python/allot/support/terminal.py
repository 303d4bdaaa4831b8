"""What programs print besides their results: tones, one line of progress, warnings."""

from __future__ import annotations

import os
import sys
import time
from typing import Set, TextIO

_TONES = {'good': '32', 'warning': '33', 'error': '1;31', 'strong': '1', 'faint': '2'}
_BEGAN = time.monotonic()
_said: Set[str] = set()


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be looking at it."""
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


def in_tone(tone: str, text: str, stream: TextIO) -> str:
    """`text` in a tone, where `stream` is a terminal that may have colour (NO_COLOR is not set, TERM is not 'dumb')."""
    if not is_terminal(stream) or os.environ.get('NO_COLOR') or os.environ.get('TERM', 'dumb') == 'dumb':
        return text
    return f'\x1b[{_TONES[tone]}m{text}\x1b[0m'


def clear_line() -> str:
    """What takes the line of progress away; nothing where stderr is no terminal."""
    return '\r\x1b[K' if is_terminal(sys.stderr) else ''


def progress(text: str) -> None:
    """Replaces a line on the terminal with `text` and how long it has been; prints nothing where stderr is no terminal."""
    if not is_terminal(sys.stderr):
        return
    line = text
    if text and not text.endswith('\n'):
        line = in_tone('faint', f'{text}  {time.monotonic() - _BEGAN:.1f} s', sys.stderr)
    sys.stderr.write(clear_line() + line)
    sys.stderr.flush()


def warn(text: str) -> None:
    """Writes `warning: text` to stderr, once."""
    if text in _said:
        return
    _said.add(text)
    sys.stderr.write(f"{clear_line()}{in_tone('warning', 'warning:', sys.stderr)} {text}\n")
