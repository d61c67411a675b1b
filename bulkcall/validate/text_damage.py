"""Words that stand for nothing or for damage, found in columns of text (contract, Campaign file).

A column is first tested as a whole, by its bytes: text of letters, digits and common punctuation
holds none of the marks that damage shows by, and only short texts can be null words. What is left
is asked with one pattern for each kind of damage, each distinct text once.
"""
# ruff: noqa: RUF001 - words of many scripts

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class TextDamage(IntEnum):
    """What is wrong with a text before any rule about its length or characters."""

    NONE = 0
    ERROR_WORD = 1
    NULL_WORD = 2
    PLACEHOLDER = 3
    LOST_CHARACTERS = 4
    INVISIBLE = 5
    CONTROL_CHARACTER = 6


_ERROR_LIST: Final = (
    r"#(?i:N/A|NV|N/D|N/B|I/T|Н/Д|НД|YOK|HIÁNYZIK|NENÍ_K_DISPOZICI|NEDOSTUPNÝ|N/DISP|ND|"
    r"GETTING_DATA|BUSY|UNCOMPUTED)"
)
ERROR_WORD: Final = (
    # Any language's word in capitals with its mark; the few that have no mark; LibreOffice's codes;
    # a column too narrow for its value.
    r"(?:^|\s)(?:#[¡¿]?\p{Lu}[\p{Lu}\p{M}\p{Lo}\p{N}/_ .-]{0,30}[!?]|"
    + _ERROR_LIST
    + r"|#{4,})(?:$|\s)"
)
_ERROR_CODE: Final = r"^(?i:err(?:or)? ?: ?5\d\d)$"
"""A spreadsheet's error, in RE2's syntax."""

NULL_WORDS: Final = frozenset(
    (
        *("null", "none", "nil", "nan", "nat", "undefined", "n/a", "na", "n.a.", "<na>", "<null>"),
        *("(null)", "[null]", "{null}", "(none)", "<none>", "(nil)", "<nil>", "(blank)"),
        *("\\n", "#null", "-nan", "nan.0", "dbnull", "(undefined)"),
    )
)
"""Words that programs write where they have no value; case does not matter."""
_NULL_ARRAY: Final = pa.array(sorted(NULL_WORDS))
_LONGEST_SHORT: Final = max(map(len, NULL_WORDS))
_NO_LETTERS: Final = r"^[\s\-\x{2010}-\x{2015}\x{2212}_.,;:~*=/\\|'`\x{b7}\x{2022}\x{2026}]+$"
"""Dashes, dots and the like alone: how people write that there is nothing."""

_MERGE_WORDS: Final = (
    r"(?i:(?:(?:first|last|full|customer|caller|label|brand|company|business|user|agent|your|"
    r"client|contact)[ _-]?)?(?:name|label|reason|title|company|brand|customer|business|phone|"
    r"number|mobile|address|city|date|time|amount|id|field|value|placeholder)[ _-]?\d{0,2})"
)
PLACEHOLDER: Final = (
    r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|[$#@]\{[^{}]*\}|\$\([^()]*\)|\[object \w+\]|\[\[[^\[\]]+\]\]"
    r"|<<[^<>]+>>|%\(?[A-Z][A-Z0-9_]*\)?%|%\([A-Za-z_]\w*\)[sd]|\{[A-Za-z_][\w.\- ]*\}|\{\d{0,2}\}"
    r"|\x{ab}[A-Za-z_][A-Za-z0-9_]*\x{bb}$|^\x{ab}[A-Za-z_][\w ]*\x{bb}"
    r"|\x{ab}" + _MERGE_WORDS + r"\x{bb}|<" + _MERGE_WORDS + r">|^\[" + _MERGE_WORDS + r"\]$"
    r"|\[(?i:(?:(?:first|last|full|customer|caller|company|business|user|agent|your)[ _-])?name)\]"
    r"|^%[sd]$|^\$[A-Za-z_]\w*$|^__\w+__$|^function ?\("
)
"""A template's field that was never filled in."""

LOST_ANYWHERE: Final = (
    r"\x{fffd}|^[?\x{ff1f}\x{bf}\s\pP]*[?\x{ff1f}\x{bf}][?\x{ff1f}\x{bf}\s\pP]*$"
    r"|[\p{L}\p{N}]\?{2,}\p{L}|(?:^|\s)\?{2,}\s+\S|\p{L}\?+\p{Ll}"
)
"""Replacement marks, nothing but question marks, or question marks where letters must have been."""
LOST_IN_NAME: Final = LOST_ANYWHERE + r"|(?:^|\s)\?{2,}(?:\s|$)|(?:^|\s)\?\p{L}"

_IGNORED: Final = (
    r"\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{200b}-\x{200f}"
    r"\x{202a}-\x{202e}\x{2060}-\x{206f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{feff}\x{ffa0}"
    r"\x{fff0}-\x{fff8}\x{e0000}-\x{e0fff}"
)
"""Characters that Unicode gives no shape of their own (Default_Ignorable), and the empty Braille
cell."""
INVISIBLE: Final = rf"^[\s\pZ\p{{Mn}}{_IGNORED}]+$"

_HIDDEN: Final = (
    r"\x00-\x1f\x7f-\x9f\xad\u200b\u2028\u2029\u202d\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc"
    r"\u115f\u1160\u3164\uffa0\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"
)
"""Control characters, and formatting ones that have no place inside a name in any script; joiners
(U+200C, U+200D) and direction marks do."""
_ONE_HIDDEN: Final = re.compile(f"[{_HIDDEN}]")
_KNOWN: Final = {"\n": "a line break", "\r": "a line break", "\t": "a tab", "\0": "a NUL"}
CONTROL: Final = "[" + re.sub(r"\\u(....)", r"\\x{\1}", _HIDDEN) + "]"


def _table(patterns: Mapping[TextDamage, str]) -> NDArray[np.uint8]:
    """Return, for each byte, a bit for every damage whose marks it can be part of."""
    table = np.zeros(256, dtype=np.uint8)
    for damage, first_bytes in patterns.items():
        table[list(first_bytes.encode("latin-1"))] |= np.uint8(1 << damage)
    return table


# Of characters outside ASCII the first byte in UTF-8; Devanagari and other scripts of India begin
# with E0, accented Latin letters with C3.
_SUSPECT: Final = _table(
    {
        TextDamage.CONTROL_CHARACTER: "".join(map(chr, range(0x20)))
        + "\x7f\xc2\xe1\xe2\xe3\xee\xef",
        TextDamage.LOST_CHARACTERS: "?\xc2\xef",
        TextDamage.PLACEHOLDER: "#{}<>[$%_\xc2",
        TextDamage.ERROR_WORD: "#",
        TextDamage.INVISIBLE: "\xc2\xcd\xd8\xe1\xe2\xe3\xef\xf3",
    }
)


def find_damage(texts: pa.Array, *, name: bool = False) -> NDArray[np.int8] | None:
    """Return the `TextDamage` of each trimmed text, or None where no text has any.

    Args:
        texts: Strings without null; empty ones have no damage.
        name: Whether the texts are names, in which a lone word of question marks is damage too.
    """
    if not len(texts):
        return None
    found = np.zeros(len(texts), dtype=np.int8)
    _put_short(found, texts)
    begin, marks = _marks(texts)
    for damage, pattern in (
        (TextDamage.CONTROL_CHARACTER, CONTROL),
        (TextDamage.LOST_CHARACTERS, LOST_IN_NAME if name else LOST_ANYWHERE),
        (TextDamage.PLACEHOLDER, PLACEHOLDER),
        (TextDamage.ERROR_WORD, ERROR_WORD),
        (TextDamage.INVISIBLE, INVISIBLE),
    ):
        places = np.flatnonzero(marks & np.uint8(1 << damage))
        if len(places):
            rows = np.unique(np.searchsorted(begin, places, side="right") - 1)
            hits = pc.match_substring_regex(texts.take(pa.array(rows)), pattern)
            found[rows[hits.to_numpy(zero_copy_only=False)]] = damage
    return found if found.any() else None


def one_damage(text: str) -> TextDamage:
    """Return the damage of one text, as `find_damage` does for a column."""
    found = find_damage(pa.array([text], pa.string()))
    return TextDamage.NONE if found is None else TextDamage(int(found[0]))


def control_character(text: str) -> str:
    """Name the first control or invisible formatting character of a text: `a tab (U+0009)`."""
    found = _ONE_HIDDEN.search(text)
    if found is None:
        return ""
    code = f"U+{ord(found[0]):04X}"
    known = _KNOWN.get(found[0])
    return f"{known} ({code})" if known else f"an invisible character ({code})"


def _put_short(found: NDArray[np.int8], texts: pa.Array) -> None:
    """Put null words, LibreOffice's error words and texts without a letter in: all are short."""
    lengths = pc.binary_length(texts).to_numpy()
    short = np.flatnonzero((lengths <= _LONGEST_SHORT) & (lengths > 0))
    if not len(short):
        return
    few = texts.take(pa.array(short))
    for damage, hits in (
        (TextDamage.NULL_WORD, pc.is_in(pc.utf8_lower(few), _NULL_ARRAY)),
        (TextDamage.NULL_WORD, pc.match_substring_regex(few, _NO_LETTERS)),
        (TextDamage.ERROR_WORD, pc.match_substring_regex(few, _ERROR_CODE)),
    ):
        if hits.true_count:
            found[short[hits.to_numpy(zero_copy_only=False)]] = damage


def _marks(texts: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return where each text begins among its bytes, and `_SUSPECT` of every byte."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    own = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data else np.empty(0, np.uint8)
    return ends[:-1] - ends[0], _SUSPECT[own]
