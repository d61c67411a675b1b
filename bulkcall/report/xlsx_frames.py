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


TIME_STYLE = 2
"""The number of the format of times: sheets that are written apart from the workbook name it."""


def new_book(buffer: io.BytesIO, time_format: str) -> tuple[Any, Any, Any]:
    """A workbook, the format of its header cells, and that of its times."""
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
    times = book.add_format({"num_format": time_format, "align": "left"})
    # Formats are numbered as they are first used: these two come first in every book.
    numbers = [each._get_xf_index() for each in (head, times)]  # noqa: SLF001
    if numbers != [TIME_STYLE - 1, TIME_STYLE]:
        raise RuntimeError(f"the formats of a workbook are numbered {numbers}")
    return book, head, times


def frame(lay_out: Callable[[Any, Any], None], time_format: str) -> tuple[bytes, bytes]:
    """What stands before and after the rows of a sheet that `lay_out(book, head)` adds."""
    buffer = io.BytesIO()
    book, head, _ = new_book(buffer, time_format)
    book.add_worksheet("first")
    lay_out(book, head)
    book.close()
    with zipfile.ZipFile(buffer) as parts:
        text = parts.read("xl/worksheets/sheet2.xml")
    before, end, after = _DIMENSION.sub(b"", text).partition(_END)
    return before, end + after
