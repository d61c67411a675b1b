"""One phone number at a time: what a text can mean, by the numbering plans of `phonenumbers`.

This is the patient reader, and the one that decides what is right; `numbers.py` is the fast one and
must agree with it on every text (a property test shows that it does).

Contract, Numbers: with a plus or 00, international. Plain digits are international if they are a
valid number with their country code as they stand, national if they are valid so in the set region;
valid both ways or neither: invalid. 'Valid' is `phonenumbers.is_valid_number`: the number lies in a
range that its country has opened, not only of a possible length.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import Final

import phonenumbers
from phonenumbers import phonenumberutil

from bulkcall.errors import UsageError
from bulkcall.validate.text_columns import INVISIBLE, SPACES

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
SEPARATORS: Final = SPACES + INVISIBLE + DASHES + "()[].\uff08\uff09"
"""What does no harm between the digits of a number: spaces, dashes, brackets, dots."""
MAX_DIGITS: Final = 15
"""Longest international number (ITU-T E.164), country code included."""
_MIN_SIGNIFICANT: Final = 2

_SEPARATED: Final = re.compile(f"[{re.escape(SEPARATORS)}]+")
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"\+?\d{4,}[.,]0{1,3}", re.ASCII)
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


class PhoneParser:
    """The numbering plans of the world, seen from one region."""

    def __init__(self, region: str) -> None:
        self.region = region.strip().upper()
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise UsageError(
                f"region {region!r} is unknown: set BULKCALL_REGION to two letters, e.g. IN"
            )
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(self.region)
        if metadata is None or metadata.country_code is None:  # pragma: no cover - never so
            raise UsageError(f"region {region!r} has no numbering plan")
        self.metadata = metadata
        self.country_code: int = metadata.country_code

    def read(self, text: str) -> tuple[NumberReading, int]:  # noqa: PLR0911 - one a form
        """Read a trimmed cell: how it ended, and the digits with country code (0 if not OK)."""
        if not text:
            return NumberReading.EMPTY, 0
        if _SCIENTIFIC.fullmatch(text):
            return NumberReading.SCIENTIFIC, 0
        if _DECIMAL.fullmatch(text):
            return NumberReading.DECIMAL, 0
        bare = _ascii_digits(_SEPARATED.sub("", text))
        if bare.startswith(("+", "\uff0b")):
            return self._written_international(bare[1:])
        if bare.startswith("00"):
            return self._written_international(bare[2:])
        if not _DIGITS.fullmatch(bare):
            return NumberReading.CHARACTERS, 0
        return self._plain(bare)

    def readings(self, digits: str) -> tuple[int, int]:
        """Give the international and the national reading of plain digits; 0 where not valid."""
        return self.as_it_stands(digits), self.national(digits)

    def both(self, text: str) -> tuple[int, int]:
        """Give both readings of a cell that holds plain digits and separators."""
        return self.readings(_ascii_digits(_SEPARATED.sub("", text)))

    def _plain(self, digits: str) -> tuple[NumberReading, int]:
        international, national = self.readings(digits)
        if international and national and international != national:
            return NumberReading.AMBIGUOUS, 0
        value = international or national
        return (NumberReading.OK if value else NumberReading.NOT_VALID), value

    def _written_international(self, digits: str) -> tuple[NumberReading, int]:
        # A trunk zero after the country code, +44 (0)20 …, is certain here: phonenumbers drops it.
        if not _DIGITS.fullmatch(digits):
            return NumberReading.CHARACTERS if digits else NumberReading.NOT_VALID, 0
        if len(digits) > 2 * MAX_DIGITS:
            return NumberReading.NOT_VALID, 0
        try:
            number = phonenumbers.parse("+" + digits)
        except phonenumbers.NumberParseException:
            return NumberReading.NOT_VALID, 0
        value = _digits_of(number) if phonenumbers.is_valid_number(number) else 0
        return (NumberReading.OK if value else NumberReading.NOT_VALID), value

    def as_it_stands(self, digits: str) -> int:
        """Read digits as country code and number, nothing added or taken away; 0 if not valid."""
        code, rest = split_country_code(digits)
        return _valid(code, rest) if code else 0

    def national(self, digits: str) -> int:
        """Read digits as dialled inside the region, trunk prefix or not; 0 if not valid."""
        if len(digits) > MAX_DIGITS + 5:
            return 0
        stripped = strip_trunk_prefix(digits, self.metadata)
        return _valid(self.country_code, stripped)


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
