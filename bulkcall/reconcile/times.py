"""Times as a server may write them, to epoch milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

SECONDS_BELOW = 100_000_000_000
"""Smaller figures are epoch seconds: as milliseconds they would lie before 1973."""
MICROSECONDS_FROM = 100_000_000_000_000
"""Larger ones are epoch microseconds (as milliseconds: after the year 5000), or nanoseconds."""
NANOSECONDS_FROM = MICROSECONDS_FROM * 1000


def epoch_ms(text: str | None) -> int | None:
    """Read an epoch time in any usual unit, or ISO 8601 (without an offset: UTC); else None.

    Any number of fractional digits will do; what is finer than a millisecond is cut off.
    """
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return _as_ms(int(text))
    try:
        whole, _, fraction = text.partition(".")
        figure = int(whole)
    except ValueError:
        return _iso(text)
    if abs(figure) < SECONDS_BELOW and fraction.isdigit() and figure >= 0:
        return figure * 1000 + int(fraction[:3].ljust(3, "0"))
    return _as_ms(figure)


def _as_ms(figure: int) -> int:
    size = abs(figure)
    if size < SECONDS_BELOW:
        return figure * 1000
    if size < MICROSECONDS_FROM:
        return figure
    return figure // (1000 if size < NANOSECONDS_FROM else 1_000_000)


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
