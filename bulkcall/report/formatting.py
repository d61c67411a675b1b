"""Times, lengths of time and foreign texts as a person can read them."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkcall.support.masking import masked_text

_LONGEST = 400


def when(epoch_ms: int | None) -> str:
    """Give a time for a person, in UTC; a dash for none."""
    if epoch_ms is None:
        return "\u2013"
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%d %b %Y, %H:%M:%S} UTC"


def duration(start: int, end: int | None) -> str:
    """Give a length of time for a person."""
    if end is None:
        return "not finished"
    seconds = max(0, end - start) / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def share(part: float) -> str:
    """Give a share in per cent; what is there but tiny is not shown as nothing, nor most as all."""
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
