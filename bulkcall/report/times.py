"""Epoch milliseconds to text, a column at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

_DAY = 86_400_000
_WIDTH = len("2025-09-15T15:29:38.543Z")
_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)
_LATEST = 253_402_300_799_999  # the last millisecond of the year 9999


def iso(epoch_ms: int) -> str:
    """Give one time as ISO 8601 in UTC, with milliseconds and a Z."""
    when = datetime.fromtimestamp(epoch_ms // 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def iso_times(times: pa.Array) -> pa.Array:
    """Give int64 epoch milliseconds (or null) as ISO 8601 texts; empty where null.

    Digits are laid straight into the text's buffer: Arrow's own strftime takes a microsecond a
    value, which for two columns is longer than all the rest of outcomes.csv.
    """
    there = ~np.asarray(times.is_null())
    given = np.asarray(times.drop_null(), dtype=np.int64)
    given = np.clip(given, 0, _LATEST)
    text = np.empty((len(given), _WIDTH), dtype=np.uint8)
    days, of_day = np.divmod(given, _DAY)
    distinct, place = np.unique(days, return_inverse=True)
    names = distinct.astype("datetime64[D]").astype("S10").view(np.uint8).reshape(-1, 10)
    text[:, :10] = names[place]
    text[:, [10, 13, 16, 19, 23]] = np.frombuffer(b"T::.Z", dtype=np.uint8)
    second, milli = np.divmod(of_day, 1000)
    minute, second = np.divmod(second, 60)
    hour, minute = np.divmod(minute, 60)
    _put(text, 11, hour, 2)
    _put(text, 14, minute, 2)
    _put(text, 17, second, 2)
    _put(text, 20, milli, 3)
    offsets = np.zeros(len(times) + 1, dtype=np.int32)
    np.cumsum(there * _WIDTH, out=offsets[1:])
    return pa.StringArray.from_buffers(len(times), pa.py_buffer(offsets), pa.py_buffer(text))


def _put(text: Any, start: int, number: Any, digits: int) -> None:
    for place in range(start + digits - 1, start - 1, -1):
        number, digit = np.divmod(number, 10)
        text[:, place] = _DIGITS[digit]
