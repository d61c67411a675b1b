"""A column of phone numbers at once: the fast reader; phone_parser.py agrees on every text.

Digits become integers, and the tables of phone_ranges.py tell which are valid. What is neither
plain digits nor digits with harmless separators, and what a region's own trunk prefix rules make
doubtful, goes to the scalar reader, one distinct text at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, ValidationResult, phonenumberutil

from bulkcall.validate.phone_parser import (
    MAX_DIGITS,
    NumberReading,
    PhoneParser,
    judge_written,
    split_country_code,
)
from bulkcall.validate.phone_ranges import PhoneRanges, regions
from bulkcall.validate.text_columns import few_distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_SIMPLE: Final = r"^\(?\+?\(?\d[\d ().\-\x{a0}]*$"
"""Digits and the commonest separators, with or without a plus."""
_WRAPPED: Final = r"^(?:=\"[+(]?\d[\d ().\-]*\"|'[+(]?\d[\d ().\-]*|(?i:tel:)[+(]?\d[\d ().\-]*)$"
_DECIMAL: Final = r"^\+?\d{4,}[.,]0{1,3}$"
_SHORTEST: Final = 5
_LONGEST: Final = 18
"""More digits don't fit into int64; they are no phone number either."""
_SMALL: Final = 40
"""A group of so few numbers is not worth a table."""
_POWERS: Final = 10 ** np.arange(19, dtype=np.int64)
_NO_PLAN: Final = phonenumbers.PhoneNumberDesc()
_LITERAL: Final = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class PhoneColumn:
    """A column of numbers, read."""

    digits: Integers
    """Digits with country code; 0 where the reading is not OK."""
    readings: NDArray[np.int8]
    """`NumberReading` of each cell."""


class PhoneColumnReader:
    """Reads columns of trimmed number cells."""

    def __init__(self, region: str, countries: Sequence[str] = ()) -> None:
        self.plan = PhoneParser(region, countries)
        self._one = lru_cache(maxsize=50_000)(self.plan.read)
        self._ranges = PhoneRanges()
        main = regions(self.plan.country_code)[0]
        # Whether what `phonenumbers` takes off after the country code is a prefix of plain digits.
        self._literal = main.id == self.plan.region and bool(
            _LITERAL.fullmatch(main.national_prefix_for_parsing or "")
        )
        self._codes = np.zeros(1000, dtype=np.int64)
        for leading in range(100, 1000):
            self._codes[leading] = split_country_code(str(leading))[0]

    def read(self, texts: pa.Array) -> PhoneColumn:
        """Read a string column."""
        if few_distinct(texts):
            encoded = texts.dictionary_encode()
            distinct = self._read(encoded.dictionary)
            rows = encoded.indices.to_numpy()
            return PhoneColumn(distinct.digits[rows], distinct.readings[rows])
        return self._read(texts)

    def _read(self, texts: pa.Array) -> PhoneColumn:
        rows = len(texts)
        result = PhoneColumn(np.zeros(rows, np.int64), np.full(rows, -1, np.int8))
        plain = _flags(pc.ascii_is_decimal(texts))
        lengths = pc.binary_length(texts).to_numpy().astype(np.int64)
        result.readings[lengths == 0] = NumberReading.EMPTY
        fits = plain & (lengths >= _SHORTEST) & (lengths <= _LONGEST)
        at = np.flatnonzero(fits)
        if len(at) == rows:
            self._put_digits(result, at, texts, lengths)
        elif len(at):
            self._put_digits(result, at, texts.filter(pa.array(fits)), lengths[at])
        self._put_separated(result, texts)
        self._put_wrapped(result, texts)
        self._put_rest(result, texts)
        return result

    def _put_wrapped(self, result: PhoneColumn, texts: pa.Array) -> None:
        """Read what stands in ="…", behind a quote or behind tel:."""
        at = np.flatnonzero(result.readings < 0)
        if len(at) < _SMALL:
            return
        rest = texts.take(pa.array(at))
        wrapped = _flags(pc.match_substring_regex(rest, _WRAPPED))
        if wrapped.any():
            inner = pc.replace_substring_regex(rest.filter(pa.array(wrapped)), "^(?i:tel:)", "")
            read = self._read(pc.utf8_trim(inner, "='\""))
            result.digits[at[wrapped]] = read.digits
            result.readings[at[wrapped]] = read.readings

    def _put_separated(self, result: PhoneColumn, texts: pa.Array) -> None:
        at = np.flatnonzero(result.readings < 0)
        if len(at) < _SMALL:
            return
        rest = texts.take(pa.array(at))
        simple = _flags(pc.match_substring_regex(rest, _SIMPLE))
        simple &= ~_flags(pc.match_substring_regex(rest, _DECIMAL))
        at, rest = at[simple], rest.filter(pa.array(simple))
        bare = pc.replace_substring_regex(rest, r"[ ().\-\x{a0}]", "")
        plus = _flags(pc.starts_with(bare, "+"))
        bare = pc.utf8_ltrim(bare, "+")
        lengths = pc.binary_length(bare).to_numpy().astype(np.int64)
        fits = (lengths >= _SHORTEST) & (lengths <= _LONGEST)
        for chosen, put in ((fits & ~plus, self._put_digits), (fits & plus, self._put_written)):
            where = np.flatnonzero(chosen)
            if len(where):
                put(result, at[where], bare.take(pa.array(where)), lengths[where])

    def _put_digits(
        self, result: PhoneColumn, at: Integers, texts: pa.Array, lengths: Integers
    ) -> None:
        """Read plain digits, unless they begin with 00."""
        values = texts.cast(pa.int64()).to_numpy()
        double_zero = values < _POWERS[lengths - 2]
        if double_zero.any():
            where = np.flatnonzero(double_zero)
            shorter = pc.utf8_slice_codeunits(texts.take(pa.array(where)), 2)
            self._put_written(result, at[where], shorter, lengths[where] - 2)
            single = ~double_zero
            at, values, lengths = at[single], values[single], lengths[single]
        coded, unsure = self._with_country_code(values, lengths)
        national, doubtful = self._national(values, lengths)
        unsure |= doubtful
        digits = np.where(coded != 0, coded, national)
        readings = np.where(digits != 0, NumberReading.OK, np.int8(-1)).astype(np.int8)
        both = (coded != 0) & (national != 0) & (coded != national)
        digits[both] = 0
        readings[both] = NumberReading.AMBIGUOUS
        none = np.flatnonzero((readings < 0) & ~unsure)
        if len(none):
            readings[none], digits[none] = self._of_no_region(values[none], lengths[none])
        digits[unsure] = 0
        readings[unsure] = -1
        result.digits[at] = digits
        result.readings[at] = readings

    def _with_country_code(self, values: Integers, lengths: Integers) -> tuple[Integers, Flags]:
        """Read values with the region's country code, 0 if not valid; and those to ask again."""
        code = self.plan.country_code
        found = np.zeros(len(values), dtype=np.int64)
        unsure = np.zeros(len(values), dtype=bool)
        own, coded = self._own_digits(values, lengths)
        for length in np.flatnonzero(np.bincount(own[coded])).tolist():
            rest = max(length - len(str(code)), 0)
            where = np.flatnonzero(coded & (own == length))
            significant = values[where] % 10**rest
            if rest in _lengths(code):
                good = self._ranges.valid(code, rest).look_up(significant)
                found[where[good]] = values[where[good]]
            held = _may_hold_prefix(regions(code)[0], significant, rest)
            if held.any() and self._literal:
                found[where[held]] = self._without_prefix(significant[held], rest)
            else:
                unsure[where] = held
        return found, unsure

    def _own_digits(self, values: Integers, lengths: Integers) -> tuple[Integers, Flags]:
        """Count the digits without a trunk zero; and tell which begin with the country code."""
        own = lengths - (values < _POWERS[lengths - 1])
        size = len(str(self.plan.country_code))
        coded = values // _POWERS[np.maximum(own - size, 0)] == self.plan.country_code
        return own, coded

    def _of_no_region(
        self, values: Integers, lengths: Integers
    ) -> tuple[NDArray[np.int8], Integers]:
        """Say why values are no number of the region; some are one of a country that is listed."""
        digits = np.zeros(len(values), dtype=np.int64)
        readings = np.zeros(len(values), dtype=np.int8)
        own, coded = self._own_digits(values, lengths)
        keys = own * 2 + coded
        for key in np.flatnonzero(np.bincount(keys)).tolist():
            readings[keys == key] = self.plan.judge_length(key // 2, bool(key % 2))
        stands = self._as_they_stand(values, lengths)
        other = np.flatnonzero(stands)
        readings[other] = NumberReading.OTHER_COUNTRY
        if self.plan.countries and len(other):
            codes = self._codes_of(values[other], lengths[other])
            for code in np.unique(codes).tolist():
                names = {metadata.id for metadata in regions(code)}
                where = other[codes == code]
                if names <= self.plan.countries:
                    readings[where] = NumberReading.OK
                    digits[where] = values[where]
                elif names & self.plan.countries:
                    readings[where] = -1
        return readings, digits

    def _put_written(
        self, result: PhoneColumn, at: Integers, texts: pa.Array, lengths: Integers
    ) -> None:
        """Read digits that followed a plus or 00, where no trunk prefix can stand in them."""
        values = texts.cast(pa.int64()).to_numpy()
        stands = self._as_they_stand(values, lengths, no_prefix=True)
        good = stands != 0
        result.digits[at[good]] = stands[good]
        result.readings[at[good]] = NumberReading.OK
        rest = np.flatnonzero(~good)
        groups = self._codes_of(values[rest], lengths[rest]) * 100 + lengths[rest]
        for group in np.flatnonzero(np.bincount(groups)).tolist():
            where = rest[groups == group]
            self._put_not_written(result, at[where], values[where], *divmod(group, 100))

    def _put_not_written(
        self, result: PhoneColumn, at: Integers, values: Integers, code: int, length: int
    ) -> None:
        """Read digits of one length after a plus that are not valid with their code as they stand.

        A trunk prefix may stand after the code: of the region's own plan it is taken off here.
        """
        if code == 0:
            result.readings[at] = NumberReading.NOT_VALID
            return
        digits = length - len(str(code))
        significant = values % 10**digits
        held = _may_hold_prefix(regions(code)[0], significant, digits)
        sure = ~held
        if code == self.plan.country_code and self._literal:
            found = np.zeros(len(values), dtype=np.int64)
            found[held] = self._without_prefix(significant[held], digits)
            good = found != 0
            result.digits[at[good]] = found[good]
            result.readings[at[good]] = NumberReading.OK
            sure = ~good
        zero = significant < 10 ** max(digits - 1, 0)
        for begins in (False, True):
            where = sure & (zero == begins)
            result.readings[at[where]] = judge_written(code, digits, zero=begins)

    def _put_rest(self, result: PhoneColumn, texts: pa.Array) -> None:
        at = np.flatnonzero(result.readings < 0)
        for row, text in zip(at.tolist(), texts.take(pa.array(at)).to_pylist(), strict=True):
            result.readings[row], result.digits[row] = self._one(text)

    def _as_they_stand(
        self, values: Integers, lengths: Integers, *, no_prefix: bool = False
    ) -> Integers:
        """Return the values that are valid with their country code as they stand, else 0."""
        found = np.zeros(len(values), dtype=np.int64)
        codes = self._codes_of(values, lengths)
        groups = codes * 100 + lengths
        for group in np.flatnonzero(np.bincount(groups)).tolist():
            code, length = divmod(group, 100)
            rest = length - len(str(code))
            if code == 0 or rest not in _lengths(code):
                continue
            where = np.flatnonzero(groups == group)
            significant = values[where] % 10**rest
            good = self._ranges.valid(code, rest).look_up(significant)
            if no_prefix:
                good &= ~_may_hold_prefix(regions(code)[0], significant, rest)
            found[where[good]] = values[where[good]]
        return found

    def _codes_of(self, values: Integers, lengths: Integers) -> Integers:
        """Return the country codes that values begin with; 0 where none."""
        leading = values // _POWERS[np.maximum(lengths - 3, 0)]
        codes: Integers = self._codes[np.where(leading > 99, leading, 0)]  # noqa: PLR2004 - no leading zero
        return codes

    def _national(self, values: Integers, lengths: Integers) -> tuple[Integers, Flags]:
        """Return the values as dialled in the region, 0 if not valid; and those to ask again."""
        metadata = self.plan.metadata
        found = np.zeros(len(values), dtype=np.int64)
        unsure = np.zeros(len(values), dtype=bool)
        for length in np.flatnonzero(np.bincount(lengths)).tolist():
            where = np.flatnonzero(lengths == length)
            part = values[where]
            prefixed = _may_hold_prefix(metadata, part, length)
            if prefixed.any():
                at = where[prefixed]
                if _LITERAL.fullmatch(metadata.national_prefix_for_parsing or ""):
                    found[at] = self._without_prefix(part[prefixed], length)
                else:
                    unsure[at] = True
            at = where[~prefixed]
            found[at] = self._significant(part[~prefixed], length)
        return found, unsure

    def _significant(self, values: Integers, length: int) -> Integers:
        code = self.plan.country_code
        if length not in _lengths(code):
            return np.zeros(len(values), dtype=np.int64)
        good = self._ranges.valid(code, length).look_up(values)
        return np.where(good, values + code * 10**length, 0)

    def _without_prefix(self, values: Integers, length: int) -> Integers:
        """Take a literal trunk prefix off on the terms of `phonenumbers.parse`."""
        metadata = self.plan.metadata
        short = length - len(metadata.national_prefix_for_parsing or "")
        if short < 1 or not _long_enough(metadata, short):
            return self._significant(values, length)
        rest = values % 10**short
        kept = self._ranges.viable(metadata, length).look_up(values)
        kept &= ~self._ranges.viable(metadata, short).look_up(rest)
        return np.where(kept, self._significant(values, length), self._significant(rest, short))


@lru_cache(maxsize=1024)
def _lengths(code: int) -> frozenset[int]:
    """Lengths that a national number of a country code can have."""
    if code not in COUNTRY_CODE_TO_REGION_CODE:
        return frozenset()
    return frozenset(
        length
        for metadata in regions(code)
        for length in (metadata.general_desc or _NO_PLAN).possible_length
        if 0 < length <= MAX_DIGITS
    )


def _may_hold_prefix(metadata: phonenumbers.PhoneMetadata, values: Integers, length: int) -> Flags:
    """Tell which numbers begin as the region's trunk prefix does."""
    prefix: str | None = metadata.national_prefix_for_parsing
    if not prefix:
        return np.zeros(len(values), dtype=bool)
    if _LITERAL.fullmatch(prefix):
        if len(prefix) >= length:
            return np.zeros(len(values), dtype=bool)
        starts: Flags = values // 10 ** (length - len(prefix)) == int(prefix)
        return starts
    texts = pc.utf8_lpad(pa.array(values).cast(pa.string()), length, "0")
    return _flags(pc.match_substring_regex(texts, f"^(?:{prefix})"))


def _long_enough(metadata: phonenumbers.PhoneMetadata, length: int) -> bool:
    fit = phonenumberutil._test_number_length("9" * length, metadata)  # noqa: SLF001 - as in phone_parser.py
    return fit not in {
        ValidationResult.TOO_SHORT,
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
        ValidationResult.INVALID_LENGTH,
    }


def _flags(mask: pa.Array) -> Flags:
    flags: Flags = mask.to_numpy(zero_copy_only=False)
    return flags
