"""One phone number at a time: what a text can mean, by the numbering plans of `phonenumbers`.

This is the scalar reader, and the one that decides what is right; `phone_columns.py` reads whole
columns and must agree with it on every text (a property test shows that it does).

Contract, Numbers: with a plus or 00, international. Plain digits belong to the set region:
national, or with its country code, with or without a trunk zero before it. Digits that are valid
only with another country's code are invalid, unless that country is one of `countries`. 'Valid' is
`phonenumbers.is_valid_number`: the number lies in a range that its country has opened, not only of
a possible length.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import phonenumbers
from phonenumbers import phonenumberutil

from bulkcall.errors import UsageError
from bulkcall.validate.text_columns import INVISIBLE, SPACES
from bulkcall.validate.text_damage import TextDamage, one_damage

if TYPE_CHECKING:
    from collections.abc import Sequence

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
SEPARATORS: Final = SPACES + DASHES + "()[].\uff08\uff09"
"""What does no harm between the digits of a number: spaces, dashes, brackets, dots."""
MAX_DIGITS: Final = 15
"""Longest international number (ITU-T E.164), country code included."""
_HIDDEN: Final = (
    INVISIBLE
    + "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u200c\u200d\u2028\u2029"
    "\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164\uffa0\ufffc"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080))))
)
MARKS: Final = SPACES + _HIDDEN
"""What shows nothing round a number."""
_MIN_SIGNIFICANT: Final = 2

_SEPARATED: Final = re.compile(f"[{re.escape(SEPARATORS)}]+")
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"\+?\d{4,}[.,]0{1,3}", re.ASCII)
_FORMULA: Final = re.compile(r'=?"+([^"]*)"+')
_TEL: Final = re.compile(r"^tel:(?://)?", re.IGNORECASE)
_HIDDEN_INSIDE: Final = re.compile(f"[{re.escape(_HIDDEN)}\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f]")
_EXAMPLE: Final = re.compile(r"example\b", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d+", re.ASCII)


class NumberReading(IntEnum):
    """How the reading of a number cell ended; all but OK name the rule that it breaks."""

    OK = 0
    EMPTY = 1
    SCIENTIFIC = 2
    DECIMAL = 3
    CHARACTERS = 4
    NOT_VALID = 5
    AMBIGUOUS = 6
    TOO_SHORT = 7
    TOO_LONG = 8
    WRONG_LENGTH = 9
    OTHER_COUNTRY = 10
    ERROR_WORD = 11
    NULL_WORD = 12
    INVISIBLE_CHARACTER = 13
    EXAMPLE = 14
    """A row of `bulkcall template` that nobody has replaced."""


class PhoneParser:
    """The numbering plans of the world, seen from one region."""

    def __init__(self, region: str, countries: Sequence[str] = ()) -> None:
        self.region = _region(region, "region", "BULKCALL_REGION")
        self.countries = frozenset(_region(name, "country", "countries") for name in countries)
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(self.region)
        if metadata is None or metadata.country_code is None:  # pragma: no cover - never so
            raise UsageError(f"region {region!r} has no numbering plan")
        self.metadata = metadata
        self.country_code: int = metadata.country_code
        self._lengths = usual_lengths(self.country_code)

    def read(self, text: str) -> tuple[NumberReading, int]:  # noqa: PLR0911 - one a form
        """Read a trimmed cell: how it ended, and the digits with country code (0 if not OK)."""
        if not text:
            return NumberReading.EMPTY, 0
        own = _unwrapped(text)
        if _SCIENTIFIC.fullmatch(own):
            return NumberReading.SCIENTIFIC, 0
        if _DECIMAL.fullmatch(own):
            return NumberReading.DECIMAL, 0
        bare = _bare(own)
        if bare.startswith("+"):
            return self._written_international(text, bare[1:])
        if bare.startswith("00"):
            return self._written_international(text, bare[2:])
        if not _DIGITS.fullmatch(bare):
            return _not_digits(text), 0
        return self._plain(bare)

    def both(self, text: str) -> tuple[int, int]:
        """Return the reading with the country code and the national one of plain digits."""
        digits = _bare(_unwrapped(text))
        return self.with_country_code(digits), self.national(digits)

    def _plain(self, digits: str) -> tuple[NumberReading, int]:
        coded, national = self.with_country_code(digits), self.national(digits)
        if coded and national and coded != national:
            return NumberReading.AMBIGUOUS, 0
        if coded or national:
            return NumberReading.OK, coded or national
        other = self.as_it_stands(digits)
        if other:
            if self.countries and country_of(other) in self.countries:
                return NumberReading.OK, other
            return NumberReading.OTHER_COUNTRY, 0
        own = digits.removeprefix("0")
        return self.judge_length(len(own), own.startswith(str(self.country_code))), 0

    def judge_length(self, digits: int, coded: bool) -> NumberReading:
        """Say by the number of digits (a trunk zero not counted) why no reading is valid.

        `coded` says that they begin as the region's country code does.
        """
        shortest, longest = min(self._lengths), max(self._lengths)
        rest = digits - len(str(self.country_code))
        if digits < shortest:
            return NumberReading.TOO_SHORT
        if digits <= longest:
            return NumberReading.NOT_VALID
        if not coded or rest > longest:
            return NumberReading.TOO_LONG
        return NumberReading.WRONG_LENGTH if rest < shortest else NumberReading.NOT_VALID

    def _written_international(self, text: str, digits: str) -> tuple[NumberReading, int]:
        # A trunk zero after the country code, +44 (0)20 …, is certain here: phonenumbers drops it.
        if not _DIGITS.fullmatch(digits):
            return (_not_digits(text) if digits else NumberReading.NOT_VALID), 0
        value = _international(digits)
        if value:
            return NumberReading.OK, value
        code, rest = split_country_code(digits)
        if not code:
            return NumberReading.NOT_VALID, 0
        return judge_written(code, len(rest), zero=rest.startswith("0")), 0

    def as_it_stands(self, digits: str) -> int:
        """Read digits as country code and number, nothing added or taken away; 0 if not valid."""
        code, rest = split_country_code(digits)
        return _valid(code, rest) if code else 0

    def with_country_code(self, digits: str) -> int:
        """Read digits with the region's country code, a trunk zero before it or not; 0 if none."""
        own = digits.removeprefix("0")
        if not own.startswith(str(self.country_code)):
            return 0
        return _international(own)

    def national(self, digits: str) -> int:
        """Read digits as dialled inside the region, trunk prefix or not; 0 if not valid."""
        if len(digits) > MAX_DIGITS + 5:
            return 0
        stripped = strip_trunk_prefix(digits, self.metadata)
        return _valid(self.country_code, stripped)


def judge_written(code: int, digits: int, *, zero: bool) -> NumberReading:
    """Say by its number of digits why a number with this country code is not valid.

    `zero` says that they begin with a zero, which may be a trunk prefix.
    """
    lengths = usual_lengths(code)
    if digits < min(lengths):
        return NumberReading.TOO_SHORT
    return NumberReading.TOO_LONG if digits - zero > max(lengths) else NumberReading.NOT_VALID


@lru_cache(maxsize=256)
def usual_lengths(code: int) -> frozenset[int]:
    """Return the lengths of fixed and mobile numbers of a country code, the code not counted."""
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    plans = [phonenumbers.PhoneMetadata.metadata_for_region(name) for name in names]
    lengths = {
        length
        for plan in plans
        if plan is not None
        for kind in (plan.fixed_line, plan.mobile)
        if kind is not None
        for length in kind.possible_length
        if length > 0
    }
    return frozenset(lengths or range(4, MAX_DIGITS))


def country_of(digits: int) -> str:
    """Return the region of a valid international number; empty if it has none."""
    code, rest = split_country_code(str(digits))
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(rest or 0))
    zeros = len(rest) - len(rest.lstrip("0"))
    if zeros:
        number.italian_leading_zero = True
        number.number_of_leading_zeros = zeros
    return phonenumbers.region_code_for_number(number) or ""


def country_of_text(text: str) -> str:
    """Return the region that a cell's plain digits belong to as they stand; empty if none."""
    digits = _bare(_unwrapped(text))
    code, rest = split_country_code(digits) if digits.isdigit() else (0, "")
    return country_of(int(digits)) if code and _valid(code, rest) else ""


def country_name(region: str) -> str:
    """Return a country's English name, or its two letters where it has none."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415 - large, and seldom needed

    names = LOCALE_DATA.get(region, {})
    name = names.get("en", region)
    # A name that is the same as another language's is given as that language's mark.
    return str(names.get(name[1:], region)) if name.startswith("*") else str(name)


def _region(name: str, noun: str, setting: str) -> str:
    region = name.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise UsageError(f"{noun} {name!r} is unknown; set {setting} to two letters, e.g. IN")
    return region


def _unwrapped(text: str) -> str:
    """Take off what surrounds a number for certain: ="…", a quote, tel:, invisible marks."""
    text = text.strip(MARKS)
    if match := _FORMULA.fullmatch(text):
        text = match[1]
    text = text.strip(MARKS).lstrip("'\u2018\u2019`").strip(MARKS)
    return _TEL.sub("", text, count=1).strip(MARKS)


def _bare(text: str) -> str:
    return _ascii_digits(_SEPARATED.sub("", text)).replace("\uff0b", "+", 1)


def _not_digits(text: str) -> NumberReading:
    if _EXAMPLE.match(text):
        return NumberReading.EXAMPLE
    damage = one_damage(text)
    if damage is TextDamage.ERROR_WORD:
        return NumberReading.ERROR_WORD
    if damage is TextDamage.NULL_WORD:
        return NumberReading.NULL_WORD
    if invisible_character(text):
        return NumberReading.INVISIBLE_CHARACTER
    return NumberReading.CHARACTERS


def invisible_character(text: str) -> str:
    """Name the first mark inside a number that shows nothing: `U+200D`; empty if there is none."""
    found = _HIDDEN_INSIDE.search(_unwrapped(text))
    return f"U+{ord(found[0]):04X}" if found else ""


def _international(digits: str) -> int:
    if len(digits) > 2 * MAX_DIGITS:
        return 0
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return 0
    return _digits_of(number) if phonenumbers.is_valid_number(number) else 0


def split_country_code(digits: str) -> tuple[int, str]:
    """Split leading country code and the rest; no country code is the start of another."""
    for length in (1, 2, 3):
        code = digits[:length]
        if code and code[0] != "0" and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return int(code), digits[length:]
    return 0, digits


def strip_trunk_prefix(digits: str, metadata: phonenumbers.PhoneMetadata) -> str:
    """Take a national (trunk) prefix off, on the same terms as `phonenumbers.parse` does."""
    _, rest, _ = phonenumberutil._maybe_strip_national_prefix_carrier_code(digits, metadata)  # noqa: SLF001 - the only door to this step, pinned by a property test
    length = phonenumberutil._test_number_length(rest, metadata)  # noqa: SLF001 - same
    too_short = (
        phonenumbers.ValidationResult.TOO_SHORT,
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
        phonenumbers.ValidationResult.INVALID_LENGTH,
    )
    return digits if length in too_short else rest


def _valid(country_code: int, significant: str) -> int:
    if not _MIN_SIGNIFICANT <= len(significant) <= MAX_DIGITS + 2:
        return 0
    number = phonenumbers.PhoneNumber(country_code=country_code, national_number=int(significant))
    zeros = len(significant) - len(significant.lstrip("0"))
    if zeros:
        number.italian_leading_zero = True
        number.number_of_leading_zeros = min(zeros, len(significant) - 1)
    return _digits_of(number) if phonenumbers.is_valid_number(number) else 0


def _digits_of(number: phonenumbers.PhoneNumber) -> int:
    return int(f"{number.country_code}{phonenumbers.national_significant_number(number)}")


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in text)
