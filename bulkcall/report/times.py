"""Epoch milliseconds to text, a column at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY = 86_400_000
_WIDTH = len("2025-09-15T15:29:38.543Z")
_FEW_DAYS = 1000
_LATEST = 253_402_300_799_999  # the last millisecond of the year 9999


def iso(epoch_ms: int) -> str:
    """Return one time as ISO 8601 in UTC, with milliseconds and a Z."""
    when = datetime.fromtimestamp(epoch_ms // 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def iso_times(times: pa.Array) -> pa.Array:
    """Return int64 epoch milliseconds (or null) as ISO 8601 texts; empty where null.

    Ready-made days, seconds and milliseconds are laid straight into the text's buffer: Arrow's own
    strftime takes a microsecond a value, which for two columns is longer than all the rest.
    """
    there = ~np.asarray(times.is_null())
    given = np.clip(np.asarray(times.drop_null(), dtype=np.int64), 0, _LATEST)
    text = np.empty((len(given), _WIDTH), dtype=np.uint8)
    days, of_day = np.divmod(given, _DAY)
    second, milli = np.divmod(of_day, 1000)
    text[:, :10] = _day_texts(days)
    text[:, 10] = ord("T")
    text[:, 11:19] = _seconds()[second]
    text[:, 19:] = _millis()[milli]
    offsets = np.zeros(len(times) + 1, dtype=np.int32)
    np.cumsum(there * _WIDTH, out=offsets[1:])
    return pa.StringArray.from_buffers(len(times), pa.py_buffer(offsets), pa.py_buffer(text))


def _day_texts(days: Any) -> Any:
    """Return days since 1970 as rows of ten bytes; a run's times mostly share a day or two."""
    if not len(days):
        return np.empty((0, 10), dtype=np.uint8)
    first = days.min()
    if days.max() - first < _FEW_DAYS:
        distinct, place = np.arange(first, days.max() + 1), days - first
    else:
        distinct, place = np.unique(days, return_inverse=True)
    names = distinct.astype("datetime64[D]").astype("S10").view(np.uint8).reshape(-1, 10)
    return names[place]


@cache
def _seconds() -> Any:
    """Return hh:mm:ss of each second of a day as rows of eight bytes."""
    return _rows(
        f"{hour:02d}:{minute:02d}:{second:02d}"
        for hour in range(24)
        for minute in range(60)
        for second in range(60)
    )


@cache
def _millis() -> Any:
    """Return .mmmZ of each millisecond of a second as rows of five bytes."""
    return _rows(f".{milli:03d}Z" for milli in range(1000))


def _rows(texts: Iterable[str]) -> Any:
    table = np.array([text.encode() for text in texts])
    return table.view(np.uint8).reshape(len(table), -1)
