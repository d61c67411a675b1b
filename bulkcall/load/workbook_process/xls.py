"""XLS: the rows of one sheet of an old workbook, read by xlrd.

xlrd, and not calamine or records taken apart here: it tells errors, number formats and hidden rows,
calamine tells none of the three, and reading records by hand for them failed open on what it did
not know. An XLS sheet has at most 65,536 rows, so that its speed does not matter.
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any

import xlrd

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT
from bulkcall.load.workbook_process.number_formats import shows
from bulkcall.load.workbook_process.rows import Mark, RefusedError, SheetName, SheetRow, Texts
from bulkcall.load.workbook_process.xlsb import ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator


_EMPTY, _TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR, _BLANK = range(7)


class Xls:
    """An old workbook."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._book: Any = xlrd.open_workbook(
                file_contents=stream.read(),
                formatting_info=True,
                on_demand=True,
                ragged_rows=True,
                logfile=io.StringIO(),
            )
        except xlrd.XLRDError as error:
            if "encrypt" in str(error).lower():  # xlrd has no error of its own for it
                raise RefusedError(
                    "the workbook is encrypted; save it without a password"
                ) from error
            raise RefusedError(f"the workbook is damaged ({error}); save it again") from error
        self.sheets = [
            SheetName(name, self._book._sheet_visibility[at] == 0)  # noqa: SLF001 - before loading
            for at, name in enumerate(self._book.sheet_names())
        ]

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that hold something, or are hidden."""
        loaded = self._book.sheet_by_name(sheet)
        texts = Texts(date1904=bool(self._book.datemode))
        hidden = {number for number, info in loaded.rowinfo_map.items() if info.hidden}
        for number in range(loaded.nrows):
            row = SheetRow(number, [], {}, number in hidden)
            kinds, values = loaded.row_types(number), loaded.row_values(number)
            for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
                if kind in {_EMPTY, _BLANK}:
                    continue
                text = ""
                if kind == _ERROR:
                    text = ERRORS.get(value, "#N/A")
                    row.marks[column] = Mark.ERROR, text
                elif kind == _TEXT:
                    text = value.rstrip(DAY + MOMENT)
                elif kind == _BOOLEAN:
                    text = "TRUE" if value else "FALSE"
                else:
                    try:
                        text = self._number(loaded, number, column, value, texts)
                    except (ValueError, OverflowError) as error:
                        row.marks[column] = Mark.UNREADABLE, str(error)[:80]
                if text or column in row.marks:
                    row.texts.extend([""] * (column - len(row.texts)))
                    row.texts.append(text)
            if row.texts or row.hidden:
                yield row

    def _number(self, loaded: Any, row: int, column: int, value: float, texts: Texts) -> str:
        style = self._book.xf_list[loaded.cell_xf_index(row, column)]
        which = shows(self._book.format_map[style.format_key].format_str)
        return (texts.number, texts.serial, texts.duration)[which](value)
