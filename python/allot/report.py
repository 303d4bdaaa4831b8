"""The report inside a notebook."""

from __future__ import annotations

import html

_HEIGHT = 640  # pixels: the schedule and the beginning of the graph


def html_frame(page: str, title: str) -> str:
    """A page of HTML as an element of another one: its styles and scripts stay among themselves."""
    return (f'<iframe title="{html.escape(title)}" srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 1px solid #ccc"></iframe>')
