"""Foreign text made fit to be shown: nothing in it moves a cursor, forges a line or runs on.

Server messages, file names and members of archives come from others. `shown` is what every
place calls that prints one, logs one or keeps one of a server's.
"""

from __future__ import annotations

import re

SHOWN_CHARACTERS = 200
"""How much of a foreign text is shown."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: terminal sequences, line breaks
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the direction of what follows
    "\u2028\u2029"  # line and paragraph separators
    "\ufeff\ufff9-\ufffb"  # invisible marks
    "\ud800-\udfff"  # bytes that are no UTF-8, as Python carries them
    "\U000e0000-\U000e007f"  # invisible tags
    "]"
)
_NOT_UTF8 = range(0xDC80, 0xDD00)
_ONE_BYTE = 0x100
_TWO_BYTES = 0x10000


def escape(text: str, keep: str = "") -> str:
    """Return the whole text with control characters as visible escapes, but for those to `keep`."""
    if not _UNSAFE.search(text):
        return text
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escaped(found), text)


def escape_json(text: str) -> str:
    """Return JSON that means the same, without characters that move a terminal's cursor."""
    return _UNSAFE.sub(_as_json, text)


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the text with control characters as visible escapes, cut to `most` characters."""
    if len(text) > most:
        text = text[: most - 1] + "…"
    found = _UNSAFE.sub(_escaped, text)
    return found if len(found) <= most else found[: most - 1] + "…"


def one_line(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the text as `shown` does, with runs of blanks and line breaks as one space first."""
    return shown(" ".join(text[: most * 8].split()), most)


def _as_json(found: re.Match[str]) -> str:
    if found[0] in "\n\r\t":
        return found[0]  # between the members; inside of a text they are escaped already
    pair = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pair[at : at + 2].hex()}" for at in range(0, len(pair), 2))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    known = {0x09: r"\t", 0x0A: r"\n", 0x0D: r"\r"}.get(code)
    if known:
        return known
    if code in _NOT_UTF8:
        code -= 0xDC00
    if code < _ONE_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _TWO_BYTES else f"\\U{code:08x}"
