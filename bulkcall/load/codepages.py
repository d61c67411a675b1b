"""Which Windows code page a CSV is in, told by its words (docs/campaign-files.md, Encodings).

A code page is likely where the words that hold its special letters are spelled with one language's
alphabet. All words of the file are looked at; the language that explains the most of them decides,
and where several do, the more common code page. The result says how sure it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Letters beyond a to z. Upper case follows from lower case.
LATIN: Mapping[str, Mapping[str, str]] = {
    "cp1252": {
        "French": "àâæçéèêëîïôœùûüÿ",
        "German": "äöüßé",
        "Spanish": "áéíñóúü",
        "Portuguese": "áâãàçéêíóôõúü",
        "Italian": "àèéìíîòóùú",
        "Danish or Norwegian": "æøåéóôäö",
        "Swedish or Finnish": "åäöéü",
        "Dutch": "áéëíïóöúüèê",
    },
    "cp1250": {
        "Polish": "ąćęłńóśźż",
        "Czech": "áčďéěíňóřšťúůýž",
        "Slovak": "áäčďéíĺľňóôŕšťúýž",
        "Hungarian": "áéíóöőúüű",
        "Romanian": "ăâîşţ",
        "Croatian or Slovene": "čćđšž",
    },
    "cp1254": {"Turkish": "çğıİöşüâîû"},
    "cp1257": {
        "Lithuanian": "ąčęėįšųūž",
        "Latvian": "āčēģīķļņšūž",
        "Estonian": "äõöüšž",
    },
}
# Scripts of their own: how a word is built (none of a to z), and the letters that are most of it.
SCRIPTS: Mapping[str, tuple[str, str, str]] = {
    "cp1251": ("Cyrillic", "[\u0400-\u04ff]+", "оаеинтсрвлкмя"),
    "cp1253": ("Greek", "[\u0370-\u03ff]+", "αοιετσςνηυρπκάόίώ"),
    "cp1255": ("Hebrew", "[\u0591-\u05f4]+", "יוהלארתבמנשד"),
    "cp1256": ("Arabic", "[\u0600-\u06ff\u200c\u200d]+", "اليمنوتربدعهحس"),
    "cp874": ("Thai", "[\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46][\u0e01-\u0e5b]*", "านรอกเงมยลสวั่"),
}
_ORDER = ("cp1252", "cp1250", "cp1251", "cp1256", "cp1254", "cp1253", "cp1255", "cp1257", "cp874")
# From the start of a word only, and giving nothing back: linear, whatever stands in the file.
_WORD = re.compile(rb"(?<![A-Za-z'\x80-\xff])[A-Za-z']*+[\x80-\xff][A-Za-z'\x80-\xff]{0,60}+")
_MOST_WORDS = 20_000
_USUAL = 0.5
"""At least so much of a word of another script are its usual letters …"""
_SENSE = 0.5
"""… and so many of the words must make sense for the code page to be believed, …"""
_ENOUGH = 3
"""… where there are so many."""
_BETWEEN = re.compile(
    "[-'\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u00ab\u00bb\u00a0\u00b7]+"
)


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
    """A code page, and in words how it was told."""

    name: str
    note: str


def tell(words: Words) -> CodePage | None:
    """Give the code page that explains the words best; None where none can be told."""
    possible = [name for name in _ORDER if all(_defined(name, byte) for byte in words.high)]
    if not possible:
        return None
    scores = {name: _explained(name, words) for name in possible}
    name = max(possible, key=lambda name: scores[name][:2])
    count, _, language = scores[name]
    total = sum(1 for word in words.seen if _letters(word.decode(name)))
    label = f"Windows-{name[2:]}"
    if not total:
        return CodePage(name, f"not UTF-8; read as {label}, only signs are beyond ASCII")
    if total >= _ENOUGH and _sensible(name, words) < total * _SENSE:
        return None
    note = (
        f"not UTF-8; read as {label}: {count} of {total} different words with letters beyond ASCII "
        f"are spelled as {language}"
        if count
        else f"not UTF-8; read as {label}, by default"
    )
    if other := _rival(name, possible, scores, words):
        note += (
            f"; they could be Windows-{other[2:]} as well: look at the names, "
            "and save the file as UTF-8 if they are wrong"
        )
    return CodePage(name, note)


def _rival(
    name: str, possible: list[str], scores: Mapping[str, tuple[int, float, str]], words: Words
) -> str:
    for other in possible:
        same = scores[other][0] == scores[name][0]
        if other != name and same and any(w.decode(other) != w.decode(name) for w in words.seen):
            return other
    return ""


def _defined(name: str, byte: int) -> bool:
    try:
        bytes([byte]).decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _explained(name: str, words: Words) -> tuple[int, float, str]:
    """Count the words that one language explains, and how usual their letters are in it."""
    texts = [text for word in words.seen if _letters(text := word.decode(name))]
    if name in SCRIPTS:
        language, built, usual = SCRIPTS[name]
        pattern = re.compile(built)
        shares = [_share(text, usual) for text in texts if _spelled(text, pattern)]
        shares = [share for share in shares if share >= _USUAL]
        return len(shares), sum(shares) / len(shares) if shares else 0.0, language
    # By itself, as in £5, it is a sign: that other pages have a letter there says nothing.
    signs = {word.decode(name) for word in words.seen if len(word) == 1 and _is_sign(word)}
    texts = [text for text in texts if text not in signs]
    best = (0, 0.0, "")
    for language, letters in LATIN[name].items():
        pattern = _pattern(letters)
        count = sum(_spelled(text, pattern) for text in texts)
        if count > best[0]:
            best = count, 1.0, language
    return best


def _sensible(name: str, words: Words) -> int:
    """Count the words that any language of the code page explains."""
    texts = [text for word in words.seen if _letters(text := word.decode(name))]
    if name in SCRIPTS:
        return _explained(name, words)[0]
    patterns = [_pattern(letters) for letters in LATIN[name].values()]
    return sum(any(_spelled(text, pattern) for pattern in patterns) for text in texts)


def _pattern(letters: str) -> re.Pattern[str]:
    return re.compile(f"[a-zA-Z{letters}{letters.upper()}]+")


def _spelled(text: str, pattern: re.Pattern[str]) -> bool:
    parts = [part for part in _BETWEEN.split(text) if part]
    return all(pattern.fullmatch(part) and _well_cased(part) for part in parts)


def _share(text: str, usual: str) -> float:
    letters = [letter for letter in text.lower() if letter.isalpha()]
    return sum(letter in usual for letter in letters) / len(letters)


def _letters(text: str) -> bool:
    return any(letter.isalpha() and not letter.isascii() for letter in text)


def _is_sign(word: bytes) -> bool:
    return not _letters(word.decode("cp1252", errors="replace"))


def _well_cased(part: str) -> bool:
    # Small, all large, or large at the start: a large letter after a small one is another code's.
    rest = part[1:]
    return rest == rest.lower() or part == part.upper()
