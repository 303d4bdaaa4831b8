"""JSON out of files."""

from __future__ import annotations

import json
from typing import Any

from ..errors import RunError
from .files import read_input, reason


def parse_json(data: bytes) -> Any:
    """Raises ValueError with what is wrong; NaN and Infinity, which are no JSON, are."""
    def refuse(name: str) -> float:
        raise ValueError(f'{name} is no number in JSON')

    try:
        return json.loads(data.decode('utf-8'), parse_constant=refuse)
    except RecursionError:
        raise ValueError('no JSON that can be read: it is nested too deeply') from None
    except UnicodeDecodeError:
        raise ValueError('no JSON: the text is no UTF-8') from None
    except json.JSONDecodeError as error:
        raise ValueError(f'no JSON: {error}') from None


def read_json(path: str) -> Any:
    """The JSON in a file or pipe. Raises RunError with the path."""
    try:
        return parse_json(read_input(path))
    except (OSError, ValueError) as error:
        raise RunError(f'{path}: {reason(error)}') from None
