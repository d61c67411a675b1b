"""The process that reads a workbook for `load`; it imports little, so that it starts at once."""

from __future__ import annotations

from typing import Final

DAY: Final = "\x1f"
"""Stands behind the text of a date cell that holds a midnight: `2026-03-31` and this.

Only with the header does it show whether such a cell is a day or a point in time. No text of a
spreadsheet ends like that."""
