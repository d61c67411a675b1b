"""The own text of a typed spreadsheet cell (contract: Campaign file, Cells)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Final = "\x1f"
"""Stands behind the text of a date cell that holds a midnight: `2026-03-31` and this.

Only with the header does it show whether such a cell is a day or a point in time."""
MOMENT: Final = "\x1e"
"""Stands behind the text of a date cell with a time of day."""
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def text_of(value: object) -> str:
    """Write whole numbers as digits, times as ISO 8601, truth values as spreadsheets show them."""
    writer = _WRITERS.get(type(value))
    return writer(value) if writer else str(value)


def iso_date_text(text: str) -> str:
    """Return the text of a date that is written in ISO 8601, with its mark; ValueError if not."""
    if _ISO_DATE.fullmatch(text):
        return dt.date.fromisoformat(text).isoformat() + DAY
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None and moment.time() == dt.time():
        return moment.date().isoformat() + DAY
    return text_of(moment) + MOMENT


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _moment(value: dt.datetime) -> str:
    # A spreadsheet keeps a time as a fraction of a day: that is good for milliseconds, not beyond.
    second = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    if abs(second - value) < dt.timedelta(milliseconds=1):
        return second.isoformat()
    return value.isoformat(timespec="milliseconds")


def _time(value: dt.time) -> str:
    moment = _moment(dt.datetime.combine(dt.date(2000, 1, 1), value))
    return moment.partition("T")[2]


def _duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour}:{minute:02}:{second:02}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "TRUE" if value else "FALSE",
    float: _number,
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: _time,
    dt.timedelta: _duration,
}
