"""Hours in which rows may go out: a span of each day, by the clock of one time zone. Pure code.

A moment is inside if its local time of day is; so a day on which clocks are set forward over an
opening opens when they are, and a time of day that comes twice counts twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bulkcall.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 24 * 60
TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]|24(?=:00)):([0-5]\d)", re.ASCII)
"""00:00 to 24:00."""
_AHEAD_DAYS = 4
"""A zone that skips a day, and one day before it, still show the next change."""
_STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SendingHours:
    """[opens, closes) of every day, in minutes of the local day; over midnight if closes < opens.

    `closes` is from 1 to 1440, `opens` from 0 to 1439, and they differ.
    """

    opens: int
    closes: int
    zone: str
    """IANA name."""

    @classmethod
    def between(cls, not_before: str, not_after: str, zone: str) -> SendingHours | None:
        """Read two times of day (HH:MM; empty: the day's start, its end); None: all day long.

        Raises SettingsError where one is no time, or nothing would lie between them.
        """
        opens = _minutes(not_before) % DAY if not_before else 0
        closes = (_minutes(not_after) or DAY) if not_after else DAY
        if opens == 0 and closes == DAY:
            return None
        if opens == closes:
            raise SettingsError(
                f"not_before and not_after are both {not_before}: no row could ever go out"
            )
        return cls(opens, closes, zone or "UTC")

    def is_open(self, now_ms: int) -> bool:
        """Return whether rows may go out at this moment (epoch milliseconds)."""
        local = _moment(now_ms).astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        if self.opens < self.closes:
            return self.opens <= minute < self.closes
        return minute >= self.opens or minute < self.closes

    def next_opening(self, now_ms: int) -> int:
        """Return the first moment from now on (epoch ms) that is inside: now, if it is."""
        return now_ms if self.is_open(now_ms) else self._next_change(now_ms)

    def next_closing(self, now_ms: int) -> int:
        """Return the first moment from now on (epoch ms) that is outside: now, if it is."""
        return self._next_change(now_ms) if self.is_open(now_ms) else now_ms

    def local(self, at_ms: int) -> str:
        """Return a moment for a person: '2026-11-22 08:00 Asia/Kolkata'."""
        return f"{_moment(at_ms).astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M} {self.zone}"

    def __str__(self) -> str:
        return f"{_clock(self.opens)} to {_clock(self.closes)} {self.zone}"

    def _next_change(self, now_ms: int) -> int:
        before = self.is_open(now_ms)
        for at in sorted(self._candidates(now_ms)):
            if at > now_ms and self.is_open(at) is not before:
                return at
        raise AssertionError("hours change at least once in any four days")

    def _candidates(self, now_ms: int) -> Iterator[int]:
        """Return every moment ahead at which something may change: both ends, and set clocks."""
        zone = ZoneInfo(self.zone)
        now = _moment(now_ms)
        today = now.astimezone(zone).date()
        for day in range(-1, _AHEAD_DAYS + 1):
            for minute in (self.opens, self.closes % DAY):
                at = time(minute // 60, minute % 60)
                local = datetime.combine(today + timedelta(days=day), at, zone)
                for fold in (0, 1):
                    yield _milliseconds(local.replace(fold=fold))
        for step in range(_AHEAD_DAYS * 24):
            start, end = now + step * _STEP, now + (step + 1) * _STEP
            if _offset(start, zone) != _offset(end, zone):
                yield _milliseconds(_set_at(start, end, zone))


def _set_at(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which a zone's clocks are set, somewhere in (start, end]."""
    first = _offset(start, zone)
    low, high = int(start.timestamp()), int(end.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == first:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _minutes(text: str) -> int:
    found = TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise SettingsError(f"{text!r} is no time of day; write it like 08:00")
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
