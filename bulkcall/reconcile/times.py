"""Times as a server may write them, to epoch milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

SECONDS_BELOW = 100_000_000_000
"""Smaller figures are epoch seconds: as milliseconds they would lie before 1973."""


def epoch_ms(text: str | None) -> int | None:
    """Read epoch milliseconds, epoch seconds or ISO 8601 (without an offset: UTC); else None.

    Any number of fractional digits will do; what is finer than a millisecond is cut off.
    """
    if not text:
        return None
    if text.isascii() and text.isdigit():
        figure = int(text)
        return figure if figure >= SECONDS_BELOW else figure * 1000
    try:
        figure = int(text.partition(".")[0])
    except ValueError:
        return _iso(text)
    return figure if abs(figure) >= SECONDS_BELOW else figure * 1000


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
