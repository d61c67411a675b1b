"""XLSX, XLS and ODS through calamine: one sheet's rows, each cell with its own text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import python_calamine as calamine

from bulkcall.errors import UsageError
from bulkcall.load.rows import Rows, finished, shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkcall.load.options import LoadOptions
    from bulkcall.load.source import Source

_CHUNK = 50_000
_EXACT = 1e300


class Sheet:
    """One sheet of a workbook; raises CampaignFileError for a workbook that can't be read."""

    def __init__(self, source: Source, options: LoadOptions) -> None:
        self._source = source
        try:
            source.stream.seek(0)
            book = calamine.CalamineWorkbook.from_filelike(source.stream)
            self.name = self._choose(book, options.sheet)
            self._sheet = book.get_sheet_by_name(self.name)
        except UsageError:
            raise
        except BaseException as error:
            raise self._translated(error) from error

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give each row's number in the sheet (from 1) and its cells as text."""
        try:
            for number, row in enumerate(self._sheet.iter_rows(), 1):
                yield number, [cell if type(cell) is str else text_of(cell) for cell in row]
        except (calamine.CalamineError, ValueError) as error:
            raise self._translated(error) from error

    def _choose(self, book: calamine.CalamineWorkbook, wanted: str | None) -> str:
        sheets = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        if wanted is not None:
            if any(sheet.name == wanted for sheet in sheets):
                return wanted
            raise UsageError(f"{self._source.path}: no sheet {wanted!r}; it has {names}")
        for sheet in sheets:
            if sheet.visible == calamine.SheetVisibleEnum.Visible:
                return str(sheet.name)
        raise self._source.error(f"no visible sheet; name one with --sheet: {names}")

    def _translated(self, error: BaseException) -> BaseException:
        # A panic of the reader's Rust code comes as an exception beside Exception's tree.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            return error
        if isinstance(error, calamine.PasswordError):
            return self._source.error("the workbook is encrypted; save it without a password")
        text = " ".join(str(error).split())[:200]
        return self._source.error(f"the workbook is damaged: {text}; save it again as XLSX")


def read_rows(
    rows: Iterator[tuple[int, list[str]]], width: int, options: LoadOptions
) -> Iterator[Rows]:
    """Give the rows after the header in chunks."""
    while part := list(islice(rows, _CHUNK)):
        numbers, cells = zip(*part, strict=True)
        shaped = shape(cells, numbers, width)
        if len(shaped):
            yield finished(shaped, options.max_cell)


def text_of(value: object) -> str:
    """Give a typed cell's own text (contract: Campaign file, Cells)."""
    writer = _WRITERS.get(type(value))
    return writer(value) if writer else str(value)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _moment(value: dt.datetime) -> str:
    # A spreadsheet keeps a time as a fraction of a day: good for milliseconds, not beyond.
    rounded = (value + dt.timedelta(microseconds=500)).replace(microsecond=0)
    if abs(rounded - value) < dt.timedelta(milliseconds=1):
        return rounded.isoformat()
    return value.isoformat(timespec="milliseconds")


def _duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour}:{minute:02}:{second:02}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: _number,
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: lambda value: value.isoformat(timespec="seconds"),
    dt.timedelta: _duration,
}
