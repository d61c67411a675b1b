"""Workbooks by XlsxWriter without the large sheets' rows: the frames that those are put into."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import xlsxwriter  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

_END = b"</sheetData>"
_DIMENSION = re.compile(rb"<dimension[^>]*/>")  # optional, and not known before the last row


def new_book(buffer: io.BytesIO) -> tuple[Any, Any]:
    """Give a workbook and the format of its header cells."""
    book = xlsxwriter.Workbook(
        buffer,
        {
            # Strings inside the sheet, so that its header does not hang on the other sheets.
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    head = book.add_format({"bold": True, "bg_color": "#DCE6F8", "bottom": 1})
    return book, head


def frame(lay_out: Callable[[Any, Any], None]) -> tuple[bytes, bytes]:
    """Give what stands before and after the rows of a sheet that `lay_out(book, head)` adds."""
    buffer = io.BytesIO()
    book, head = new_book(buffer)
    book.add_worksheet("first")
    lay_out(book, head)
    book.close()
    with zipfile.ZipFile(buffer) as parts:
        text = parts.read("xl/worksheets/sheet2.xml")
    before, end, after = _DIMENSION.sub(b"", text).partition(_END)
    return before, end + after
