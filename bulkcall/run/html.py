"""A result in a notebook: a title, a line, a small table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def html_table(title: str, line: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return HTML without style or script; texts are escaped."""
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<p><strong>{escape(title)}</strong><br>{escape(line)}</p><table>{body}</table>"
