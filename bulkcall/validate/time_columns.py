"""A column of points in time at once: the fast reader; time_parser.py agrees.

Few distinct texts are read one by one. Of many, those in the commonest ISO 8601 layouts are taken
apart by their bytes, all at once; every other text, and every one in which something is odd, goes
to the reader of single cells (time_parser.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.validate.text_columns import few_distinct
from bulkcall.validate.time_parser import TimeParser, TimeReading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Rows = NDArray[np.uint8]
    """Bytes of many texts of one length: row n holds the nth byte of each."""

_DATE_DIGITS: Final = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15)
_SECOND_DIGITS: Final = (17, 18)
_FRACTION_DIGITS: Final = (20, 21, 22)
_LAYOUTS: Final[Mapping[int, tuple[int, int]]] = {
    clock + zone: (clock, zone) for clock in (16, 19, 23) for zone in (0, 1, 6)
}
"""Length → length of `2026-04-03T10:00[:00[.000]]` and of nothing, `Z` or `+05:30`."""
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] + [0] * 87)
_DAYS_BEFORE: Final = np.concatenate(([0, 0], np.cumsum(_MONTH_DAYS[1:12]), np.zeros(87, int)))
_QUARTER_MS: Final = 900_000
"""No zone changes its offset twice within a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times, read."""

    epoch_ms: Integers
    """Epoch milliseconds; 0 where the reading is not OK."""
    readings: NDArray[np.int8]
    """`TimeReading` of each cell."""


class TimeColumnReader:
    """Reads columns of trimmed time cells."""

    def __init__(self, timezone: str, date_format: str) -> None:
        self.moments = TimeParser(timezone, date_format)
        self._one = lru_cache(maxsize=50_000)(self.moments.read)
        self._offset_ms = lru_cache(maxsize=100_000)(self._offset_of_quarter)

    def read(self, texts: pa.Array) -> TimeColumn:
        """Read a string column."""
        if few_distinct(texts):
            encoded = texts.dictionary_encode()
            distinct = self._read(encoded.dictionary)
            rows = encoded.indices.to_numpy()
            return TimeColumn(distinct.epoch_ms[rows], distinct.readings[rows])
        return self._read(texts)

    def _read(self, texts: pa.Array) -> TimeColumn:
        times = TimeColumn(np.zeros(len(texts), np.int64), np.full(len(texts), -1, np.int8))
        # A pattern comes before every other form, so that only the scalar reader can tell.
        if not self.moments.pattern:
            lengths = pc.binary_length(texts).to_numpy()
            for length in np.flatnonzero(np.bincount(lengths)).tolist():
                if length in _LAYOUTS:
                    self._put_layout(times, np.flatnonzero(lengths == length), texts, length)
        at = np.flatnonzero(times.readings < 0)
        rest = texts if len(at) == len(texts) else texts.take(pa.array(at))
        for row, text in zip(at.tolist(), rest.to_pylist(), strict=True):
            times.readings[row], times.epoch_ms[row] = self._one(text)
        return times

    def _put_layout(self, times: TimeColumn, at: Integers, texts: pa.Array, length: int) -> None:
        clock, zone = _LAYOUTS[length]
        rows = _bytes(texts if len(at) == len(texts) else texts.take(pa.array(at)), length)
        local, good = _local_ms(rows, clock)
        if zone == 0:
            offset, certain = self._offsets(np.where(good, local, 0))
            good &= certain
        else:
            offset, written = _written_offsets(rows[clock:])
            good &= written
        times.epoch_ms[at[good]] = (local - offset)[good]
        times.readings[at[good]] = TimeReading.OK

    def _offsets(self, local: Integers) -> tuple[Integers, Flags]:
        """Offsets of local times in the set zone, and where there is exactly one."""
        quarters, where = np.unique(local // _QUARTER_MS, return_inverse=True)
        found = [self._offset_ms(quarter) for quarter in quarters.tolist()]
        certain = np.array([offset is not None for offset in found], dtype=bool)
        offsets = np.array([offset or 0 for offset in found], dtype=np.int64)
        return offsets[where], certain[where]

    def _offset_of_quarter(self, quarter: int) -> int | None:
        first_ms, last_ms = quarter * _QUARTER_MS, (quarter + 1) * _QUARTER_MS - 1
        first, start = self.moments.settle_local(first_ms)
        last, end = self.moments.settle_local(last_ms)
        if first is not TimeReading.OK or last is not TimeReading.OK:
            return None
        return first_ms - start if first_ms - start == last_ms - end else None


def _bytes(texts: pa.Array, length: int) -> Rows:
    _, offsets, data = texts.buffers()
    begin = np.frombuffer(offsets, np.int32)[texts.offset]
    flat = np.frombuffer(data, np.uint8)[begin : begin + len(texts) * length]
    return np.ascontiguousarray(flat.reshape(len(texts), length).T)


def _number(rows: Rows, *places: int) -> NDArray[np.int32]:
    # In place and no wider than needed: this is where most of a time's reading goes.
    number = np.zeros(rows.shape[1], dtype=np.int32)
    for place in places:
        number *= 10
        number += rows[place] - np.uint8(ord("0"))
    return number


def _are_digits(rows: Rows, places: tuple[int, ...]) -> Flags:
    good = np.ones(rows.shape[1], dtype=bool)
    for place in places:
        good &= rows[place] - ord("0") <= 9  # noqa: PLR2004 - bytes below "0" wrap round
    return good


def _local_ms(rows: Rows, clock: int) -> tuple[Integers, Flags]:
    """Wall-clock milliseconds since 1970 of `2026-04-03T10:00[:00[.000]]`; and where it is one."""
    good = _are_digits(rows, _DATE_DIGITS)
    good &= ((rows[4] == ord("-")) | (rows[4] == ord("/"))) & (rows[7] == rows[4])
    good &= rows[13] == ord(":")
    good &= (rows[10] == ord("T")) | (rows[10] == ord(" "))
    year, month, day = _number(rows, 0, 1, 2, 3), _number(rows, 5, 6), _number(rows, 8, 9)
    hour, minute = _number(rows, 11, 12), _number(rows, 14, 15)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    month = np.where(good, month, 0)
    good &= (day >= 1) & (day <= _MONTH_DAYS[month] + ((month == 2) & leap))  # noqa: PLR2004 - February
    good &= (year > 0) & (hour <= 23) & (minute <= 59)  # noqa: PLR2004 - a clock's limits
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 - 719_162
    days += _DAYS_BEFORE[month] + ((month > 2) & leap) + day - 1  # noqa: PLR2004 - after February
    local = ((days.astype(np.int64) * 24 + hour) * 60 + minute) * 60_000
    if clock > 16:  # noqa: PLR2004 - seconds are written
        good &= _are_digits(rows, _SECOND_DIGITS) & (rows[16] == ord(":"))
        second = _number(rows, *_SECOND_DIGITS)
        good &= second <= 59  # noqa: PLR2004 - a clock's limits
        local += second * 1000
    if clock > 19:  # noqa: PLR2004 - a fraction is written
        good &= _are_digits(rows, _FRACTION_DIGITS) & (rows[19] == ord("."))
        local += _number(rows, *_FRACTION_DIGITS)
    return local, good


def _written_offsets(rows: Rows) -> tuple[Integers, Flags]:
    """Milliseconds of `Z` or `+05:30`; and where it is one."""
    if len(rows) == 1:
        return np.zeros(rows.shape[1], np.int64), rows[0] == ord("Z")
    good = _are_digits(rows, (1, 2, 4, 5)) & (rows[3] == ord(":"))
    good &= (rows[0] == ord("+")) | (rows[0] == ord("-"))
    hours, minutes = _number(rows, 1, 2), _number(rows, 4, 5)
    good &= (hours <= 23) & (minutes <= 59)  # noqa: PLR2004 - a clock's limits
    sign = np.where(rows[0] == ord("-"), -1, 1)
    return (sign * (hours * 60 + minutes) * 60_000).astype(np.int64), good
