"""Which code page a CSV without Unicode is in, decided by its words (docs/campaign-files.md).

Each code page turns the bytes beyond ASCII into other letters. A word speaks for a page where the
page's letters spell it in the alphabet of one language, and it speaks against the page where they
don't: a sign or a quote mark stands inside the word, or a capital behind a small letter. A page is
believed only where it explains the words clearly better than every page that would give another
text; else nothing is decided, and the user says which it is (`--encoding`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from bulkcall.load.alphabets import LATIN, PAGES, RARE, SCRIPTS, label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# From the start of a word only, and giving nothing back: linear, whatever stands in the file.
_WORD = re.compile(rb"(?<![A-Za-z'\x80-\xff])[A-Za-z']*+[\x80-\xff][A-Za-z'\x80-\xff]{0,60}+")
_MOST_WORDS = 20_000
_SHARE_OF_USUAL_LETTERS = 0.6
"""A word of another script holds at least so many of its usual letters."""
_SHARE_OF_GOOD_WORDS = 0.75
"""So many of the words must make sense for a code page to be believed, …"""
_TIMES_BETTER = 2
"""… and of those that two pages read differently so many times as many as in the other page."""
_FEWEST_OF_A_RARE_PAGE = 3
"""So many words make a page that hardly anybody uses any more a rival of one in use."""
_OPENING = "([{\u2018\u201a\u201c\u201e\u00ab\u2039'"
_CLOSING = ")]}\u2019\u201d\u00bb\u203a\u2026\u2122\u00ae\u00b0\u00b7'"
_SEPARATE_WORDS = re.compile("[\u00a0\u2013\u2014]+")
_LONE_SIGNS = frozenset(
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac£¥©®\u2122°·«»§±½¼¾²³\u00d7\u00a0"
)
_APOSTROPHE = "\u2019"
_CONTRACTION = re.compile(
    "(?:(?:do|ca|wo|is|are|does|did|have|has|had|could|should|would|was|were)n\u2019t|"
    "(?:you|we|they|i)\u2019(?:re|ve|ll|d|m)|(?:it|that|what|let|he|she|here|there|who)\u2019s)",
    re.IGNORECASE,
)
_CONTRACTION_SHAPE = re.compile(
    "(?:(?:do|ca|wo|is|are|does|did|have|has|could|should|would|was|were)n[^a-zA-Z]t|"
    "(?:you|we|they)[^a-zA-Z](?:re|ve|ll))",
    re.IGNORECASE,
)
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿąęěůőűăīāēūėįųœ\u0131")
_SOFT = frozenset("ďťň")
"""Never written before an e or an i, which soften by themselves."""
_NEVER_BEFORE_A_LAST_ONE = frozenset("bfghkmptv")
_POSSESSIVE = re.compile(rb"[A-Za-z]{2,}([\x92\xd5])s")
"""`Raju's` with the apostrophe of Windows or of the Mac."""
_FEWEST_POSSESSIVES = 3
_EXAMPLES = 3


@dataclass(slots=True)
class Words:
    """The different words of a file that hold bytes above 127, and which such bytes there are."""

    seen: dict[bytes, int] = field(default_factory=dict)
    high: set[int] = field(default_factory=set)

    def add(self, block: bytes) -> None:
        """Look through a block; a word cut by its end does no harm."""
        if block.isascii():
            return
        self.high.update(byte for byte in set(block) if byte > 127)  # noqa: PLR2004 - ASCII's end
        for word in _WORD.findall(block):
            if word in self.seen or len(self.seen) < _MOST_WORDS:
                self.seen[word] = self.seen.get(word, 0) + 1


@dataclass(frozen=True, slots=True)
class CodePage:
    """A code page that is certain, and in words how it was decided."""

    name: str
    note: str


class UncertainError(ValueError):
    """No code page is certain; the text names those that could be, with examples."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file's words in one code page."""

    name: str
    texts: tuple[str, ...]
    good: frozenset[int]
    """Which of the words make sense."""
    language: str


def decide(words: Words) -> CodePage:
    """Return the code page that the words are certainly in.

    Raises:
        UncertainError: none, or more than one with different texts.
    """
    seen = tuple(words.seen)
    possible = [name for name in PAGES if all(_defined(name, byte) for byte in words.high)]
    marks = _apostrophes(seen)
    total = sum(len(word) > 1 for word in seen)
    readings = [_read(name, seen, marks) for name in possible]
    readings.sort(key=lambda reading: -len(reading.good))  # stable: the more common page first
    if not readings or len(readings[0].good) < max(1, total * _SHARE_OF_GOOD_WORDS):
        raise UncertainError("the words with letters beyond ASCII make sense in no code page")
    best = readings[0]
    if rivals := [other for other in readings[1:] if not _clearly_better(best, other)]:
        raise UncertainError(_alternatives([best, *rivals]))
    spelled = f" are spelled as {best.language}" if best.language else ""
    note = (
        f"not UTF-8; read as {label_of(best.name)}: {len(best.good)} of {len(seen)} different "
        f"words beyond ASCII{spelled or ' make sense in it'}, and in no other code page as many"
    )
    return CodePage(best.name, note)


def _clearly_better(best: _Reading, other: _Reading) -> bool:
    differing = {at for at, text in enumerate(best.texts) if text != other.texts[at]}
    rare = other.name in RARE and best.name in LATIN and best.name not in RARE
    if not differing or (rare and len(other.good & differing) < _FEWEST_OF_A_RARE_PAGE):
        return True
    mine, others = len(best.good & differing), len(other.good & differing)
    overall = len(best.good) > _TIMES_BETTER * len(other.good)
    return mine > _TIMES_BETTER * others or (overall and mine >= others)


def _apostrophes(seen: tuple[bytes, ...]) -> frozenset[int]:
    """Return which words hold an apostrophe for sure: three or more like `Raju's`, and no other."""
    for sign in (b"\x92", b"\xd5"):
        holding = {at for at, word in enumerate(seen) if sign in word}
        if len(holding) >= _FEWEST_POSSESSIVES and all(
            _POSSESSIVE.fullmatch(seen[at]) for at in holding
        ):
            return frozenset(holding)
    return frozenset()


def _alternatives(readings: Sequence[_Reading]) -> str:
    best, *others = readings
    shown: dict[str, str] = {}
    for other in others[:_EXAMPLES]:
        for at in sorted(other.good):
            if other.texts[at] != best.texts[at]:
                shown.setdefault(best.texts[at][:30], label_of(best.name))
                shown.setdefault(other.texts[at][:30], label_of(other.name))
                break
    if not shown:
        return "too few of its words make sense in any code page"
    each = ", ".join(f"{text!r} in {name}" for text, name in shown.items())
    return f"its words make sense in more than one code page ({each})"


def _read(name: str, seen: tuple[bytes, ...], marks: frozenset[int]) -> _Reading:
    texts = tuple(word.decode(name) for word in seen)
    if name in SCRIPTS:
        language, built, usual = SCRIPTS[name]
        pattern = re.compile(built)
        good = {at for at, text in enumerate(texts) if _is_of_script(text, pattern, usual)}
        if good:
            good |= {at for at, text in enumerate(texts) if _is_sign(text)}
        return _Reading(name, texts, frozenset(good), language)
    signs = {at for at, text in enumerate(texts) if _is_sign(text)}
    plain = signs | {at for at, text in enumerate(texts) if _needs_no_letter(text)}
    plain |= {at for at in marks if _APOSTROPHE in texts[at]}
    best: tuple[set[int], str] = (set(), "")
    every: set[int] = set()
    for language, letters in LATIN[name].items():
        pattern = _pattern(letters)
        good = {
            at
            for at, text in enumerate(texts)
            if at not in plain | marks and _spelled(text, pattern)
        }
        every |= good
        if len(good) > len(best[0]):
            best = good, language
    # A word of another language of the page is no proof, yet it does not speak against the page.
    most = len(every | plain) >= sum(map(_counts, texts)) * _SHARE_OF_GOOD_WORDS
    counted = (every if most else best[0]) | plain
    language = best[1] if best[0] == every else ""
    return _Reading(name, texts, frozenset(counted), language)


@cache
def _defined(name: str, byte: int) -> bool:
    try:
        character = bytes([byte]).decode(name)
    except UnicodeDecodeError:
        return False
    return character >= "\u00a0"  # what else a page has there are control characters


def _counts(text: str) -> bool:
    return len(text) > 1  # a letter by itself says nothing


def _is_sign(text: str) -> bool:
    """Return whether a text is one usual sign by itself, as in £5."""
    return bool(text) and all(character in _LONE_SIGNS for character in text)


def _needs_no_letter(text: str) -> bool:
    """Return whether all that is beyond ASCII are marks where they usually stand."""
    if _CONTRACTION.fullmatch(text):
        return True
    inner = text.lstrip(_OPENING).rstrip(_CLOSING)
    return inner != text and inner.isascii() and (not inner or inner.isalpha())


def _pattern(letters: str) -> re.Pattern[str]:
    return _compiled(f"[a-zA-Z{letters}{letters.upper()}]+")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _spelled(text: str, pattern: re.Pattern[str]) -> bool:
    """Return whether one alphabet spells a text as people write it."""
    if not _counts(text):
        return False
    parts = [part for part in _SEPARATE_WORDS.split(text) if part]
    return bool(parts) and all(_is_word(part, pattern) for part in parts)


def _is_word(part: str, pattern: re.Pattern[str]) -> bool:
    stripped = part.lstrip(_OPENING).rstrip(_CLOSING)
    pieces = re.split(f"[{_APOSTROPHE}']", stripped)
    return all(
        pattern.fullmatch(piece) is not None and _well_cased(piece) and _can_be_said(piece)
        for piece in pieces
    ) and not _CONTRACTION_SHAPE.fullmatch(part)


def _well_cased(part: str) -> bool:
    # Small, all large, or large at the start: a large letter after a small one is another code's.
    rest = part[1:]
    return rest == rest.lower() or part == part.upper()


def _can_be_said(piece: str) -> bool:
    """Return whether no special consonant stands between two others: `crčdit` is a misread `è`."""
    small = piece.lower()
    for at, letter in enumerate(small):
        if letter.isascii() or letter in _VOWELS:
            continue
        if letter in _SOFT and small[at + 1 : at + 2] in tuple("eiéíě"):
            return False
        before, behind = small[max(0, at - 1) : at], small[at + 1 : at + 2]
        if not behind and before and before in _NEVER_BEFORE_A_LAST_ONE:
            return False
        if before and behind and before not in _VOWELS and behind not in _VOWELS:
            return False
    return True


def _is_of_script(text: str, built: re.Pattern[str], usual: str) -> bool:
    parts = [part for part in _SEPARATE_WORDS.split(text) if part]
    stripped = [part.lstrip(_OPENING).rstrip(_CLOSING) for part in parts]
    if not stripped or not all(built.fullmatch(part) and _well_cased(part) for part in stripped):
        return False
    letters = [letter for part in stripped for letter in part.lower() if letter.isalpha()]
    if len(letters) < 2:  # noqa: PLR2004 - a letter by itself says nothing
        return False
    return sum(letter in usual for letter in letters) >= len(letters) * _SHARE_OF_USUAL_LETTERS
