"""Arrow columns to the rows of a spreadsheet, as the XML that stands in an XLSX file.

A cell is an inline string, a number or a time, nothing else: no formula, no link. Texts are
checked a column at a time by a look at their bytes, and only a column that holds something special
is treated cell by cell, so no Python object is made for an ordinary cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from bulkcall.report.csv_text import text_bytes
from bulkcall.report.xlsx_frames import TIME_STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

CELL = 32_767
"""Characters that a cell holds at most (Excel's own limit)."""
CUT = "… (cut: outcomes.csv has the whole text)"

_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_NO_CHARACTER = re.compile("[\ufffe\uffff]")
_SPACE = 0x20


def xml_rows(columns: Sequence[pa.Array], first: int) -> memoryview:
    """Return rows `first`… of a sheet (counted from 1, the header's row among them).

    `columns` are arrays of one length: strings without nulls, whole numbers, or times as days since
    1899-12-30 (floating point).
    """
    count = len(columns[0])
    numbers = pa.array(np.arange(first, first + count)).cast(pa.string())
    cells = [_cells(column, xl_col_to_name(place), numbers) for place, column in enumerate(columns)]
    rows = pc.binary_join_element_wise('<row r="', numbers, '">', *cells, "</row>", "")
    return memoryview(text_bytes(rows))


def fitting(text: str) -> str:
    """Return the text as a cell can hold it: cut where it is too long, noncharacters replaced."""
    if len(text) > CELL:
        text = text[: CELL - len(CUT)] + CUT
    return _NO_CHARACTER.sub("\ufffd", text)


def _cells(column: pa.Array, letter: str, numbers: pa.Array) -> pa.Array:
    if pa.types.is_integer(column.type):
        shown = column.cast(pa.string())
        cells = pc.binary_join_element_wise(
            f'<c r="{letter}', numbers, '"><v>', shown, "</v></c>", ""
        )
        return cells.fill_null("") if column.null_count else cells
    if pa.types.is_floating(column.type):
        shown = column.cast(pa.string())
        opening = f'" s="{TIME_STYLE}"><v>'
        cells = pc.binary_join_element_wise(
            f'<c r="{letter}', numbers, opening, shown, "</v></c>", ""
        )
        return cells.fill_null("") if column.null_count else cells
    column, keep = _escaped(column)
    opening = '<t xml:space="preserve">' if keep else "<t>"
    cells = pc.binary_join_element_wise(
        f'<c r="{letter}', numbers, f'" t="inlineStr"><is>{opening}', column, "</t></is></c>", ""
    )
    return pc.if_else(pc.equal(column, ""), "", cells)


def _escaped(column: pa.Array) -> tuple[pa.Array, bool]:
    """Return the column as XML text, and whether its white space must be kept on purpose."""
    held = bytes(text_bytes(column))
    codes = np.frombuffer(held, dtype=np.uint8)
    special = bool((codes < _SPACE).any()) or b"_x" in held or b"\xef\xbf" in held
    if special or _longest(column) > CELL:
        column = pa.array([_escape(text) for text in column.to_pylist()], pa.string())
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        if mark.encode() in held:
            column = pc.replace_substring(column, mark, name)
    return column, special or b" " in held


def _escape(text: str) -> str:
    # As Excel itself writes what XML can't hold; and so a text that looks like that is escaped too.
    text = _ESCAPED.sub(lambda found: f"_x005F{found.group()}", fitting(text))
    return _CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def _longest(column: pa.Array) -> int:
    lengths: Any = pc.max(pc.binary_length(column)).as_py()
    return lengths or 0
