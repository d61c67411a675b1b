"""One point in time at a time: what a text can mean (contract, Times).

This is the scalar reader, and the one that decides what is right; `time_columns.py` reads whole
columns and must agree with it (a property test shows that it does).

Forms that are understood, and cannot be taken for one another:

- a strptime pattern, where one is set, before everything else
- 13 digits: epoch milliseconds; 10 digits: epoch seconds, with or without a decimal fraction
- 5 digits, with or without a fraction, from 36526 to 73050: a spreadsheet date (days since
  1899-12-30, so 2000 to 2099), in the set time zone, rounded to the second as spreadsheets show it
- ISO 8601 date and time, extended or basic, calendar, week or day-of-year date. A date alone is
  invalid: it may mean the day's start or its end (a spreadsheet's date cell holds a point in time,
  and loading writes its midnight out)
- year, month and day with `/`, `.` or `-` between, four digits of the year first; so do 14 digits
- a date with the month's English name and four digits of the year
- `dmy`, `mdy` or `ymd`, where one is set: day, month, year with `/`, `.` or `-` between

A time of day may have one digit of the hour, AM or PM, and `UTC` or `GMT` behind it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bulkcall.errors import UsageError
from bulkcall.validate.text_columns import INVISIBLE
from bulkcall.validate.text_damage import TextDamage, one_damage
from bulkcall.validate.time_forms import (
    BRACKETED,
    COMPACT,
    ISO,
    NAMED,
    ORDERED,
    ORDERS,
    named_date,
    ordered_date,
)

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local and absolute times are both counted from it
SERIAL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day zero, in local time
FIRST_SERIAL: Final = 36_526
"""2000-01-01."""
LAST_SERIAL: Final = 73_050
"""2099-12-31."""

_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH_SECONDS: Final = re.compile(r"(\d{10})(?:\.(\d{1,12}))?", re.ASCII)
_EPOCH_MS: Final = re.compile(r"(\d{13})(?:\.0*)?", re.ASCII)
_SERIAL: Final = re.compile(r"(\d{5})(?:\.(\d{1,20}))?", re.ASCII)
_EPOCH_FINER: Final = re.compile(r"\d{16}|\d{19}", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+", re.ASCII)
_HIDDEN: Final = re.compile(f"[{INVISIBLE}]")
_WRITTEN_OFFSET: Final = re.compile(r"[+\-]\d\d:?\d\d$")


class TimeReading(IntEnum):
    """How the reading of a time cell ended; all but OK name the rule that it breaks."""

    OK = 0
    EMPTY = 1
    NO_ZONE = 2
    DATE_ORDER = 3
    DATE_ONLY = 4
    SCIENTIFIC = 5
    TWICE = 6
    NEVER = 7
    IMPOSSIBLE = 8
    FINER_EPOCH = 9
    UNREADABLE = 10
    NEEDS_FORMAT = 11
    ERROR_WORD = 12
    NULL_WORD = 13


_DAMAGE: Final = {
    TextDamage.ERROR_WORD: TimeReading.ERROR_WORD,
    TextDamage.NULL_WORD: TimeReading.NULL_WORD,
}


class TimeParser:
    """Reads points in time for one time zone and one order of day, month and year."""

    def __init__(self, timezone: str, date_format: str) -> None:
        """Settle the forms.

        Raises:
            UsageError: the time zone is unknown, or the date format loses part of a time.
        """
        self.zone: tzinfo | None = _zone(timezone)
        self.timezone = timezone
        wanted = date_format.strip()
        self.order = wanted.lower() if wanted.lower() in ORDERS else ""
        self.pattern = ""
        if wanted and not self.order:
            self.pattern = _checked_pattern(wanted)

    def read(self, text: str) -> tuple[TimeReading, int]:  # noqa: PLR0911 - one a form
        """Read a trimmed cell: how it ended, and epoch milliseconds (0 if not OK)."""
        if not text:
            return TimeReading.EMPTY, 0
        text = _HIDDEN.sub("", text)
        if self.pattern:
            moment = _by_pattern(text, self.pattern)
            if moment is not None:
                return self._settle(moment.replace(tzinfo=None), moment.utcoffset())
        if text[0].isdigit() and (found := self._numeric(text)) is not None:
            return found
        if match := ISO.fullmatch(text):
            return self._iso(match)
        if match := ORDERED.fullmatch(text):
            return self._ordered(match)
        if (match := NAMED.fullmatch(text)) and (found := self._named(match)) is not None:
            return found
        if match := BRACKETED.fullmatch(text):
            return self._bracketed(match)
        if _SCIENTIFIC.fullmatch(text):
            return TimeReading.SCIENTIFIC, 0
        return _DAMAGE.get(one_damage(text), TimeReading.UNREADABLE), 0

    def settle_local(self, local_ms: int) -> tuple[TimeReading, int]:
        """Turn a local time (ms since 1970 on the wall clock) into epoch milliseconds."""
        return self._settle(EPOCH + timedelta(milliseconds=local_ms), None)

    def _numeric(self, text: str) -> tuple[TimeReading, int] | None:  # noqa: PLR0911 - one a form
        if match := _EPOCH_MS.fullmatch(text):
            return TimeReading.OK, int(match[1])
        if match := _EPOCH_SECONDS.fullmatch(text):
            return TimeReading.OK, int(match[1]) * 1000 + _thousandths(match[2])
        if (match := _SERIAL.fullmatch(text)) and FIRST_SERIAL <= int(match[1]) <= LAST_SERIAL:
            seconds = round(float("0." + (match[2] or "0")) * 86_400)
            return self._settle(SERIAL_EPOCH + timedelta(days=int(match[1]), seconds=seconds), None)
        if _EPOCH_FINER.fullmatch(text):
            return TimeReading.FINER_EPOCH, 0
        if match := COMPACT.fullmatch(text):
            try:
                return self._settle(datetime(*map(int, match.groups())), None)  # type: ignore[arg-type]  # noqa: DTZ001 - wall clock
            except ValueError:
                return TimeReading.UNREADABLE, 0
        return None

    def _bracketed(self, match: re.Match[str]) -> tuple[TimeReading, int]:
        """Read a time with its zone's name behind it; an offset before that must be the zone's."""
        try:
            zone = TimeParser(match[2], "")
        except UsageError:
            return TimeReading.UNREADABLE, 0
        reading, moment = zone.read(match[1])
        written = _WRITTEN_OFFSET.search(match[1])
        if reading is TimeReading.OK and written is not None and zone.zone is not None:
            there = (EPOCH + timedelta(milliseconds=moment)).replace(tzinfo=UTC)
            offset = there.astimezone(zone.zone).strftime("%z")
            if offset[:5] != written[0].replace(":", ""):
                return TimeReading.UNREADABLE, 0
        return reading, moment

    def _iso(self, match: re.Match[str]) -> tuple[TimeReading, int]:
        try:
            day = _iso_date(match)
        except ValueError:
            return TimeReading.IMPOSSIBLE, 0
        if match["hour"] is None:
            return TimeReading.DATE_ONLY, 0
        hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
        return self._assemble(match, day, (hour, minute, second))

    def _ordered(self, match: re.Match[str]) -> tuple[TimeReading, int]:
        order = "ymd" if len(match["a"]) > 2 else self.order  # noqa: PLR2004 - a year comes first
        if not order:
            return _of_open_order(match), 0
        whole = ordered_date(match, order)
        if whole is None:
            lengths = {len(match[name]) for name in "ac"}
            return (TimeReading.IMPOSSIBLE if lengths <= {1, 2, 4} else TimeReading.UNREADABLE), 0
        return self._on(match, whole)

    def _named(self, match: re.Match[str]) -> tuple[TimeReading, int] | None:
        try:
            day = named_date(match)
        except ValueError:
            return TimeReading.IMPOSSIBLE, 0
        return None if day is None else self._on(match, day)

    def _on(self, match: re.Match[str], day: date) -> tuple[TimeReading, int]:
        """Put a day and the time of day together that was written after it."""
        if match["hour"] is None:
            return TimeReading.DATE_ONLY, 0
        hour = int(match["hour"])
        if match["half"]:
            if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock's face
                return TimeReading.IMPOSSIBLE, 0
            hour = hour % 12 + (12 if match["half"] in "pP" else 0)
        return self._assemble(match, day, (hour, int(match["minute"]), int(match["second"] or 0)))

    def _assemble(
        self, match: re.Match[str], day: date, clock: tuple[int, int, int]
    ) -> tuple[TimeReading, int]:
        hour, minute, second = clock
        milliseconds = _thousandths(match["fraction"])
        midnight_after = clock == (24, 0, 0) and milliseconds == 0
        if not midnight_after and (hour > 23 or minute > 59 or second > 59):  # noqa: PLR2004 - a clock's limits
            return TimeReading.IMPOSSIBLE, 0
        offset = None
        if match["offset"]:
            minutes = int(match["oh"] or 0) * 60 + int(match["om"] or 0)
            if minutes >= 24 * 60 or int(match["om"] or 0) > 59:  # noqa: PLR2004 - same
                return TimeReading.IMPOSSIBLE, 0
            offset = timedelta(minutes=minutes if match["sign"] in (None, "+") else -minutes)
        try:
            local = datetime(day.year, day.month, day.day) + timedelta(  # noqa: DTZ001 - wall clock
                hours=hour, minutes=minute, seconds=second, milliseconds=milliseconds
            )
        except OverflowError:
            return TimeReading.IMPOSSIBLE, 0
        return self._settle(local, offset)

    def _settle(self, local: datetime, offset: timedelta | None) -> tuple[TimeReading, int]:
        if offset is None:
            if self.zone is None:
                return TimeReading.NO_ZONE, 0
            first, second = (
                local.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta()
                for fold in (0, 1)
            )
            if first != second:
                # PEP 495: the first offset is the larger one where the clock is set back.
                return (TimeReading.TWICE if first > second else TimeReading.NEVER), 0
            offset = first
        return TimeReading.OK, (local - EPOCH - offset) // _MILLISECOND


def _of_open_order(match: re.Match[str]) -> TimeReading:
    """Say of a date whose order is not set whether it is one day, several, or none."""
    days = {ordered_date(match, order) for order in ORDERS} - {None}
    if len(days) > 1:
        return TimeReading.DATE_ORDER
    if days:
        return TimeReading.NEEDS_FORMAT
    lengths = {len(match[name]) for name in "ac"}
    return TimeReading.IMPOSSIBLE if lengths <= {1, 2, 4} else TimeReading.UNREADABLE


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"time zone {name!r} is unknown: set BULKCALL_TIMEZONE to a name like Asia/Kolkata"
        ) from None


def _iso_date(match: re.Match[str]) -> date:
    year = int(match["year"])
    if match["week"]:
        return date.fromisocalendar(year, int(match["week"]), int(match["weekday"]))
    if match["ordinal"]:
        day = date(year, 1, 1) + timedelta(days=int(match["ordinal"]) - 1)
        if day.year != year or match["ordinal"] == "000":
            raise ValueError(match["ordinal"])
        return day
    return date(year, int(match["month"] or match["month2"]), int(match["day"] or match["day2"]))


def _thousandths(fraction: str | None) -> int:
    return int((fraction or "")[:3].ljust(3, "0"))


def _by_pattern(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is settled by the caller
    except ValueError:
        return None


def _checked_pattern(pattern: str) -> str:
    # A pattern that loses a part of a time would put a guess in its place: find out by going
    # there and back with a time whose parts all differ.
    probe = datetime(2031, 11, 27, 17, 43, tzinfo=UTC)
    again = _by_pattern(probe.strftime(pattern), pattern) if "%" in pattern else None
    if again is None or again.replace(tzinfo=UTC) != probe:
        raise UsageError(
            f"--date-format {pattern!r} does not hold a whole time: use dmy, mdy, ymd, or a "
            "strptime pattern with year, month, day, hour and minute, e.g. '%d/%m/%Y %H:%M'"
        )
    return pattern
