"""Characters that show nothing: white space, and marks that only steer how others are shown.

A cell of nothing but these is empty, and a line of such cells is blank (contract: Campaign file).
"""

from __future__ import annotations

from typing import Final

WHITE_SPACE: Final = (
    "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""As `str.isspace` has it."""
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d"
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067"
    "\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164\ufeff\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0000, 0xE0080)))
)
"""Characters without a width: Unicode's default ignorable ones, and a Braille cell without dots."""
BLANKS: Final = WHITE_SPACE + INVISIBLE


def is_blank_text(text: str) -> bool:
    """Return whether a text shows nothing at all."""
    return not text.strip(BLANKS)
