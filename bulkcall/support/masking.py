"""Phone numbers made unreadable: enough is left to tell two rows apart, not enough to dial."""

from __future__ import annotations

import re

_SHOWN_FIRST = 2
_SHOWN_LAST = 3
_FEWEST = 7
_STAR = "•"

_LIKE_A_NUMBER = re.compile(r"\+?\d(?:[ ().\-]{0,2}\d){6,}")
_A_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def masked(digits: str) -> str:
    """Mask one phone number: the country code's start and three digits stay."""
    hidden = len(digits) - _SHOWN_FIRST - _SHOWN_LAST
    if hidden <= 0:
        return _STAR * len(digits)
    return digits[:_SHOWN_FIRST] + _STAR * hidden + digits[-_SHOWN_LAST:]


def masked_text(text: str) -> str:
    """Mask whatever looks like a phone number inside a text; dates stay."""
    return _LIKE_A_NUMBER.sub(_mask, text)


def masked_around(text: str, *kept: str) -> str:
    """Do as `masked_text`, but leave these parts (run ids, which look like numbers) as they are."""
    known = [re.escape(each) for each in kept if each]
    if not known:
        return masked_text(text)
    pieces = re.split(f"({'|'.join(known)})", text)
    return "".join(piece if place % 2 else masked_text(piece) for place, piece in enumerate(pieces))


def _is_address(text: str) -> bool:
    """Tell whether it is an IPv4 address: errors name servers, and those are to be read."""
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) <= 255 for part in parts)  # noqa: PLR2004


def _mask(found: re.Match[str]) -> str:
    text = found.group()
    digits = re.sub(r"\D", "", text)
    if len(digits) < _FEWEST or _A_DATE.match(text) or _is_address(text):
        return text
    return masked(digits)
