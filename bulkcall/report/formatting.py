"""Times, lengths of time and foreign texts as a person can read them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from bulkcall.ledger.model import RunInfo

_LONGEST = 400


def zone_of(run: RunInfo) -> tzinfo:
    """The time zone in which a run's times are shown: the one its file was read in, else UTC."""
    name = str(run.file_facts.get("source", {}).get("timezone") or "")
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def when(epoch_ms: int | None, zone: tzinfo = UTC) -> str:
    """A time for a person, with its offset; a dash for none."""
    if epoch_ms is None:
        return "\u2013"
    moment = datetime.fromtimestamp(epoch_ms / 1000, zone)
    return f"{moment:%d %b %Y, %H:%M:%S} {offset(moment)}"


def window(first: int | None, last: int | None, zone: tzinfo) -> str:
    """From when to when labels are shown, to the minute; empty where it is not known."""
    if first is None or last is None:
        return ""
    begin, end = (datetime.fromtimestamp(each / 1000, zone) for each in (first, last))
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%d %b %Y, %H:%M}"
    return f"{begin:%d %b %Y, %H:%M} to {until} {offset(end)}"


def offset(moment: datetime) -> str:
    """A moment's offset from UTC: +05:30, or UTC."""
    text = f"{moment:%z}"
    return "UTC" if text in {"", "+0000"} else f"{text[:3]}:{text[3:5]}"


def version() -> str:
    """The version of bulkcall, asked of the package above without an import that points up."""
    return str(sys.modules["bulkcall"].__version__)


def duration(start: int, end: int | None) -> str:
    """A length of time for a person."""
    if end is None:
        return "not finished"
    seconds = max(0, end - start) / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def share(part: float) -> str:
    """A share in per cent; what is there but tiny is not shown as nothing, nor most as all."""
    per_cent = 100 * part
    if 0 < per_cent < 0.1:  # noqa: PLR2004 - the last digit shown
        return "< 0.1 %"
    if 99.9 < per_cent < 100:  # noqa: PLR2004 - the same from above
        return "> 99.9 %"
    return f"{per_cent:.1f} %"


def visible(text: str) -> str:
    """Cut a foreign text; control characters and marks that turn the reading are shown by name."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return "".join(_shown(each) for each in text)


def visible_masked(text: str) -> str:
    """Do as `visible`, and mask whatever looks like a phone number."""
    return masked_text(visible(text))


def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:  # noqa: PLR2004 - the control characters
        return chr(0x2400 + code) if code < 0x20 else "\u2421"  # noqa: PLR2004
    if code in _TURNING:
        return f"[U+{code:04X}]"
    return character


_TURNING = frozenset((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
