"""Numbers as texts for people and tables."""

from __future__ import annotations


def plain(value: float, digits: int) -> str:
    """`value` with at most so many digits behind the point, without zeros at the end and without an exponent."""
    text = f'{value:.{digits}f}'
    return text.rstrip('0').rstrip('.') if '.' in text else text
