"""What the user said about how to read a campaign file, checked once before the first row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bulkcall.errors import UsageError

DAY_MS: Final = 86_400_000
"""Longest window of a record (api.md, A record: at most 24 hours apart)."""

_UNIT_MS: Final = {"d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1000}
_WINDOW: Final = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """How cells are to be read (contract: Campaign file)."""

    now_ms: int
    """The load time, epoch milliseconds: what `now` means, and before which `ends_at` is past."""
    region: str = "IN"
    """ISO 3166 region of national numbers."""
    countries: tuple[str, ...] = ()
    """Regions whose numbers may stand without a plus as well (`--countries`)."""
    timezone: str = ""
    """IANA name for times without an offset; empty: such a time is invalid."""
    date_format: str = ""
    """`dmy`, `mdy`, `ymd`, a strptime pattern, or empty."""
    null_values: tuple[str, ...] = ()
    """Words that make a cell empty (`--null-value`)."""
    start: str | None = None
    """`--start`: every row's `starts_at`, any form of time or `now`."""
    window: str | None = None
    """`--window`: how long after `starts_at` every row ends, e.g. `90m` or `8h`."""


def parse_window(text: str) -> int:
    """Read a `--window`: `90m`, `8h`, `1h30m`, `1d`; milliseconds.

    Raises:
        UsageError: It is not a duration, is empty, or is longer than 24 hours.
    """
    match = _WINDOW.fullmatch(text.strip().lower().replace(" ", ""))
    if match is None or not any(match.groups()):
        raise UsageError(f"--window: invalid duration {text!r}; use 90m, 8h or 1h30m")
    length = sum(
        int(count) * unit
        for count, unit in zip(match.groups(), _UNIT_MS.values(), strict=True)
        if count is not None
    )
    if length == 0:
        raise UsageError(f"--window: duration {text!r} is zero; use 90m, 8h or 1h30m")
    if length > DAY_MS:
        raise UsageError(f"--window: duration {text!r} is too long; the maximum is 24h")
    return length
