"""Which number formats of a spreadsheet show a date or a duration."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final


class Shows(IntEnum):
    """What a number format makes of a number."""

    NUMBER = 0
    DATE = 1
    DURATION = 2


_BUILT_IN: Final = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), Shows.DATE),
    46: Shows.DURATION,
}
# What is no letter of a date: texts in quotes, escaped signs, fillers, colours and languages.
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\\.|[_*].|\[(?:\$[^\]]*|[^\]hmsHMS][^\]]*|[^\]]{3,})\]')
_DURATION: Final = re.compile(r"\[(?:h{1,2}|m{1,2}|s{1,2})\]", re.IGNORECASE)
_DATE: Final = re.compile(r"[ymdhs]|a/p|am/pm", re.IGNORECASE)
_LONGEST: Final = 1000


def built_in(number: int) -> Shows:
    """Return what a format that every spreadsheet program knows by its number shows."""
    return _BUILT_IN.get(number, Shows.NUMBER)


def shows(code: str) -> Shows:
    """Return what a format shows that is written out: `dd/mm/yyyy hh:mm`, `[h]:mm`."""
    first = _NOT_SHOWN.sub("", code[:_LONGEST]).split(";")[0]
    if _DURATION.search(first):
        return Shows.DURATION
    if first.strip().lower() in {"general", "standard"} or not _DATE.search(first):
        return Shows.NUMBER
    return Shows.DATE
