"""The code pages that are looked for, and the alphabets of the languages written in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Letters beyond a to z. Upper case follows from lower case.
_WESTERN: Final = {
    "French": "àâæçéèêëîïôœùûüÿ",
    "German": "äöüßé",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú",
    "Danish or Norwegian": "æøåéóôäö",
    "Swedish or Finnish": "åäöéü",
    "Dutch": "áéëíïóöúüèê",
}
_CENTRAL: Final = {
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţ",
    "Croatian or Slovene": "čćđšž",
    "German": "äöüß",
}
_TURKISH: Final = {"Turkish": "çğıİöşüâîû"}
_BALTIC: Final = {
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņšūž",
    "Estonian": "äõöüšž",
}
LATIN: Final[Mapping[str, Mapping[str, str]]] = {
    "cp1252": _WESTERN,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
    "mac_roman": _WESTERN,
    "cp1250": _CENTRAL,
    "cp852": _CENTRAL,
    "mac_latin2": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1254": _TURKISH,
    "cp857": _TURKISH,
    "mac_turkish": _TURKISH,
    "cp1257": _BALTIC,
    "cp775": _BALTIC,
}
_CYRILLIC: Final = ("Cyrillic", "[\u0400-\u04ff]+", "оаеинтсрвлкмя")
# One accent a word, and a final sigma only at its end.
_GREEK_LETTERS: Final = "[\u0391-\u03ab\u03b1-\u03cb]*"
_GREEK: Final = (
    "Greek",
    "(?!.*\u03c2.)(?!.*\u03c3$)"
    + _GREEK_LETTERS
    + "[\u0386\u0388-\u0390\u03ac-\u03b0\u03cc-\u03ce]?"
    + _GREEK_LETTERS,
    "αοιετσςνηυρπκάόίώ",
)
_HEBREW: Final = ("Hebrew", "[\u0591-\u05f4]+", "יוהלארתבמנשד")
_ARABIC: Final = ("Arabic", "[\u0600-\u06ff\u200c\u200d]+", "اليمنوتربدعهحسةفكق")
_THAI: Final = (
    "Thai",
    "[\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46][\u0e01-\u0e5b]*",
    "านรอกเงมยลสวั่หชิี",
)
# Scripts of their own: how a word is built (none of a to z), and the letters that are most of it.
SCRIPTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "cp1251": _CYRILLIC,
    "cp866": _CYRILLIC,
    "koi8_r": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "cp1253": _GREEK,
    "cp737": _GREEK,
    "mac_greek": _GREEK,
    "cp1255": _HEBREW,
    "cp862": _HEBREW,
    "cp1256": _ARABIC,
    "cp720": _ARABIC,
    "cp874": _THAI,
}
PAGES: Final = (
    "cp1252", "cp1250", "cp1251", "cp1256", "cp1254", "cp1253", "cp1255", "cp1257", "cp874",
    "cp850", "cp437", "mac_roman", "iso8859_2", "cp852", "cp866", "koi8_r", "cp857", "cp775",
    "cp737", "cp862", "cp720", "mac_latin2", "mac_cyrillic", "mac_greek", "mac_turkish",
)  # fmt: skip
"""The more common first: of two that give the same text, the first is named."""
RARE: Final = frozenset(
    {"cp775", "cp857", "cp737", "cp862", "cp720", "mac_turkish", "mac_greek", "mac_cyrillic"}
)
_FAMILIES: Final = {"mac_": "Mac", "iso8859_": "ISO-8859-", "koi8_": "KOI8-"}
_WINDOWS: Final = 1000


def label_of(name: str) -> str:
    """Return a code page's name as people know it: `Windows-1252`, `DOS 850`, `Mac Roman`."""
    for start, family in _FAMILIES.items():
        if name.startswith(start):
            rest = name.removeprefix(start)
            return f"{family} {rest.title()}" if family == "Mac" else f"{family}{rest.upper()}"
    number = name.removeprefix("cp")
    if int(number) > _WINDOWS or name == "cp874":
        return f"Windows-{number}"
    return f"DOS {number}"
