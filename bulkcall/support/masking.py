"""Phone numbers made unreadable: enough is left to tell two rows apart, not enough to dial."""

from __future__ import annotations

import re

_SHOWN_FIRST = 2
_SHOWN_LAST = 3
_FEWEST = 7
_STAR = "•"

_LIKE_A_NUMBER = re.compile(r"\+?\d(?:[ ().\-]{0,2}\d){6,}")
_KEPT = re.compile(
    r"""
    (?<![\w+])(?:
        [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}                # a UUID
      | \d{8}-\d{6}-[0-9a-f]{6}                                            # a run id
      | \d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])                     # a date, perhaps
        (?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?       #   with a time
        (?![.\-]?\d)
      | (?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![ ().\-]{0,2}\d)
      | 1[5-9]\d{11}(?![ ().\-]{0,2}\d)                                    # epoch milliseconds
      | (?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{16,}                      # a hash
    )(?!\w)
    """,
    re.VERBOSE,
)
"""What looks like a phone number in part and is none; whole, as it stands."""
_TOKEN = re.compile(r"""[^\s'"<>|,;:]+""")
_FILE_ENDING = re.compile(
    r"\.(?:csv|tsv|tab|txt|xlsx|xlsm|xlsb|xls|ods|parquet|gz|zip|json|html|md|db|toml|log|prom|part)"
    r"(?!\w)",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<![\w+-])(?=[\d-]*[A-Za-z_])\w+(?:-\w+)+(?![\w-])", re.ASCII)
"""An opaque id in several pieces (`d76s5-dfg9d-o32442-837467854`)."""
_LONG_DIGITS = re.compile(r"(?<!\d)\d{10,}(?!\d)")
"""In a name or an id: somebody's number after all."""


def masked(digits: str) -> str:
    """Mask one phone number: the country code's start and three digits stay."""
    hidden = len(digits) - _SHOWN_FIRST - _SHOWN_LAST
    if hidden <= 0:
        return _STAR * len(digits)
    return digits[:_SHOWN_FIRST] + _STAR * hidden + digits[-_SHOWN_LAST:]


def masked_text(text: str) -> str:
    """Mask whatever looks like a phone number inside a text, and nothing else.

    Dates and times, run ids, UUIDs and other ids in pieces, hashes, file names (unless a number is
    their name) and addresses of servers stay whole.
    """
    if not _LIKE_A_NUMBER.search(text):
        return text
    kept = [found.span() for found in _KEPT.finditer(text)]
    kept += [
        (token.start(), token.start() + ending.end())  # a file's name, its folders with it
        for token in _TOKEN.finditer(text)
        if not _LONG_DIGITS.search(token[0])
        for ending in _FILE_ENDING.finditer(token[0])
    ]
    kept += [found.span() for found in _ID.finditer(text) if not _LONG_DIGITS.search(found[0])]
    parts, at = [], 0
    for start, end in sorted(kept):
        if start > at:
            parts.append(_LIKE_A_NUMBER.sub(_mask, text[at:start]))
        parts.append(text[max(at, start) : end])
        at = max(at, end)
    return "".join([*parts, _LIKE_A_NUMBER.sub(_mask, text[at:])])


def masked_around(text: str, *kept: str) -> str:
    """Do as `masked_text`, but leave these parts (run ids, which look like numbers) as they are."""
    known = [re.escape(each) for each in kept if each]
    if not known:
        return masked_text(text)
    pieces = re.split(f"({'|'.join(known)})", text)
    return "".join(piece if place % 2 else masked_text(piece) for place, piece in enumerate(pieces))


def _is_address(text: str) -> bool:
    """Return whether it is an IPv4 address: errors name servers, and those are to be read."""
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) <= 255 for part in parts)  # noqa: PLR2004


def _mask(found: re.Match[str]) -> str:
    text = found.group()
    digits = re.sub(r"\D", "", text)
    if len(digits) < _FEWEST or _is_address(text):
        return text
    return masked(digits)
