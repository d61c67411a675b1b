"""What every reader of a sheet yields: rows of text, with what is wrong with single cells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
_MOST_SPARSE_CELLS: Final = 1 << 24
_SPARSE: Final = 32
"""A sheet whose width times height is so many times its filled cells holds one by mistake, far
out, or is an attack: it would be spread out in memory."""


class Mark(StrEnum):
    """What is wrong with a cell; the text beside it says which error, or why."""

    ERROR = "error"
    NOT_COMPUTED = "not_computed"
    UNREADABLE = "unreadable"


@dataclass(slots=True)
class SheetRow:
    """One row of a sheet that holds something."""

    number: int
    """From 0, as it stands in the sheet."""
    texts: list[str]
    marks: dict[int, tuple[Mark, str]] = field(default_factory=dict)
    """Column → what is wrong with its cell."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class SheetName:
    """A sheet of a workbook as its list has it."""

    name: str
    visible: bool


class RefusedError(Exception):
    """The workbook can't be read for certain; the text says why and what to do."""

    def __init__(self, text: str, *, usage: bool = False) -> None:
        super().__init__(text)
        self.usage = usage


def choose_sheet(sheets: list[SheetName], wanted: str | None) -> str:
    """Return the sheet named, or the first visible one. Raises RefusedError."""
    names = ", ".join(repr(sheet.name) for sheet in sheets)
    if wanted is not None:
        if any(sheet.name == wanted for sheet in sheets):
            return wanted
        raise RefusedError(f"no sheet {wanted!r}; the workbook has {names}", usage=True)
    for sheet in sheets:
        if sheet.visible:
            return sheet.name
    raise RefusedError(f"no visible sheet; name one with --sheet: {names or 'there is none'}")


def within_bounds(rows: Iterator[SheetRow], sheet: str) -> Iterator[SheetRow]:
    """Yield the rows; raise RefusedError where the sheet is larger than any real one."""
    width = filled = 0
    for row in rows:
        width = max(width, len(row.texts))
        if row.number >= MOST_ROWS or width > MOST_COLUMNS:
            raise RefusedError(
                f"sheet {sheet!r} has a cell in row {row.number + 1:,}, column {width:,}, which no "
                "spreadsheet program allows; save it again as XLSX"
            )
        filled += len(row.texts) - row.texts.count("")
        cells = width * (row.number + 1)
        if cells > _MOST_SPARSE_CELLS and cells > filled * _SPARSE:
            raise RefusedError(
                f"sheet {sheet!r} reaches to row {row.number + 1:,} and column {width:,}, and only "
                f"{filled:,} of its {cells:,} cells hold anything; delete what stands far out, or "
                "save it as CSV"
            )
        yield row


class Texts:
    """The texts of typed cells; a value that has none raises ValueError, with the reason."""

    def __init__(self, *, date1904: bool = False) -> None:
        first = dt.date(1904, 1, 1) if date1904 else dt.date(1899, 12, 30)
        self._first = dt.datetime.combine(first, dt.time())
        self._date1904 = date1904

    def number(self, value: float) -> str:
        """Return the text of a number."""
        if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
            raise ValueError("not a number")
        return text_of(value)

    def serial(self, value: float) -> str:
        """Return the text of a date and time that a spreadsheet keeps as days, with its mark."""
        if not 0 <= value < _LAST_DAY:
            raise ValueError("a date beyond the calendar")
        if value < 1:
            moment = dt.datetime(2000, 1, 1) + dt.timedelta(days=value)  # noqa: DTZ001
            return text_of(moment.time())
        days = value
        if not self._date1904 and value < _LEAP_DAY_THAT_WAS_NOT:
            days += 1
        moment = self._first + dt.timedelta(days=days)
        if value.is_integer():
            return text_of(moment.date()) + DAY
        return text_of(moment) + MOMENT

    def duration(self, days: float) -> str:
        """Return the text of a span that a spreadsheet keeps as days."""
        if not abs(days) < _LONGEST_SPAN_DAYS:
            raise ValueError("a duration beyond what can be counted")
        return text_of(dt.timedelta(days=days))


_LAST_DAY = 2_958_466
_LEAP_DAY_THAT_WAS_NOT = 60
_LONGEST_SPAN_DAYS = 999_999_999
