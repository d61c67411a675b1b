"""The number ranges that countries have opened, as tables: many numbers are looked up at once.

`phonenumbers` holds the ranges as regular expressions, which end in so many digits that may be
anything. What stands before them decides: a number of a given country code and length is valid or
not by its first digits alone. A table of those first digits is filled as they occur, by RE2 over
all of them at once, on the same terms as `phonenumbers.is_valid_number` (which a property test
holds it against). Of an expression's alternatives those that the fewest digits decide are asked
first: three digits stand for a thousand numbers' six.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers.phonemetadata import REGION_CODE_FOR_NON_GEO_ENTITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Judge = Callable[[NDArray[np.int64], int], NDArray[np.bool_]]
    """Leading digits as numbers, and how many digits each of them has → which pass."""

_MOST_LEADING: Final = 6
"""A table of so many leading digits takes 1 MB; where more decide, each number is judged."""
_UNKNOWN, _FAILS, _PASSES = np.int8(0), np.int8(1), np.int8(2)
"""Unknown is zero, so that the parts of a table that nobody asks for take no memory."""

_TYPES: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
"""What `phonenumbers` looks through for a number's type; a number without one is not valid."""

_FREE_DIGITS: Final = re.compile(r"\\d(?:\{(\d+)(,\d*)?\})?\Z")
_ATOM: Final = re.compile(r"\[[^\]]*\]|\\d|\d")


class Table:
    """Which numbers of one length a judge lets pass, by their leading digits where those decide."""

    def __init__(self, length: int, leading: int, judge: Judge) -> None:
        self._length = length
        self._leading = min(max(leading, 1), length)
        self._judge = judge
        self._known = (
            np.zeros(10**self._leading, dtype=np.int8) if self._leading <= _MOST_LEADING else None
        )

    def look_up(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which of these numbers, all of the table's length, pass."""
        if self._known is None:
            return self._judge(numbers, self._length)
        leading = numbers // 10 ** (self._length - self._leading)
        known = self._known[leading]
        new = leading[known == _UNKNOWN]
        if len(new):
            new = np.sort(new)
            passes = self._judge(new, self._leading)
            self._known[new] = np.where(passes, _PASSES, _FAILS)
            known = self._known[leading]
        passed: NDArray[np.bool_] = known == _PASSES
        return passed


class PhoneRanges:
    """The numbering plans of the world, a table for each country code and length."""

    def __init__(self) -> None:
        self._valid: dict[tuple[int, int], Table] = {}
        self._viable: dict[tuple[str, int], Table] = {}

    def valid(self, code: int, length: int) -> Table:
        """Return the table of the valid national numbers of a country code and length."""
        key = code, length
        if key not in self._valid:
            plans = [_Plan(metadata, length) for metadata in regions(code)]
            self._valid[key] = Table(
                length,
                max((plan.leading for plan in plans), default=1),
                lambda leading, given: _first_that_claims(plans, leading, given, length),
            )
        return self._valid[key]

    def viable(self, metadata: phonenumbers.PhoneMetadata, length: int) -> Table:
        """Return the table of the numbers that fit a region's general pattern."""
        key = metadata.id, length
        if key not in self._viable:
            general = metadata.general_desc
            patterns = Patterns([(general and general.national_number_pattern) or "$."], length)
            self._viable[key] = Table(length, patterns.leading, patterns.match)
        return self._viable[key]


class Patterns:
    """Regular expressions for numbers of one length, any of which may match a number."""

    def __init__(self, patterns: Iterable[str], length: int) -> None:
        self._length = length
        decided: dict[int, list[str]] = defaultdict(list)
        for pattern in patterns:
            for part in _alternatives(pattern):
                decided[max(1, length - _free_in_sequence(part))].append(part)
        self._by_leading = [
            (leading, f"^(?:{'|'.join(parts)})$") for leading, parts in sorted(decided.items())
        ]

    @property
    def leading(self) -> int:
        """How many leading digits decide."""
        return max(self._by_leading, default=(0,))[0]

    def match(self, leading: NDArray[np.int64], given: int) -> NDArray[np.bool_]:
        """Tell which numbers match, by their first `given` digits, at least as many as decide."""
        found = np.zeros(len(leading), dtype=bool)
        for decides, pattern in self._by_leading:
            rest = np.flatnonzero(~found)
            shorter = leading[rest] // 10 ** max(0, given - decides)
            # Sorted numbers share their first digits in stretches: each is asked about once.
            begins = np.diff(shorter, prepend=-1) != 0
            texts = digits(shorter[begins], min(decides, given), self._length)
            good = _search(texts, pattern)
            found[rest] = good[np.cumsum(begins) - 1]
        return found


def digits(leading: NDArray[np.int64], given: int, length: int) -> pa.Array:
    """Write numbers out in `given` digits, followed by zeros up to a length."""
    text = np.full((len(leading), length), ord("0"), dtype=np.uint8)
    rest = leading
    for place in range(given - 1, -1, -1):
        rest, last = np.divmod(rest, 10)
        text[:, place] += last.astype(np.uint8)
    ends = np.arange(0, text.size + 1, length, dtype=np.int32)
    return pa.StringArray.from_buffers(len(leading), pa.py_buffer(ends), pa.py_buffer(text))


def free_digits(pattern: str) -> int:
    r"""Count the last digits that may be anything in whatever the pattern matches (at least).

    `[2-9]\d{6}` → 6; `18(?:0\d{4,9}|3\d{9})` → 4; what it can't tell counts as none.
    """
    return min(_free_in_sequence(part) for part in _alternatives(pattern))


def _free_in_sequence(part: str) -> int:
    free = 0
    while match := _FREE_DIGITS.search(part):
        free += int(match[1] or 1)
        if match[2] is not None:
            return free  # what stands before has no fixed place
        part = part[: match.start()]
    if part.endswith(")"):
        depth = 0
        for at in range(len(part) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(part[at], 0)
            if depth == 0:
                return free + free_digits(part[at + 1 : -1].removeprefix("?:"))
    return free


def _alternatives(pattern: str) -> list[str]:
    parts, depth, begin = [], 0, 0
    for at, mark in enumerate(pattern):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if mark == "|" and depth == 0:
            parts.append(pattern[begin:at])
            begin = at + 1
    return [*parts, pattern[begin:]]


def _widest(pattern: str) -> int:
    """Bound the digits that a pattern looks at: all its atoms, as if none were an alternative."""
    return 99 if set(pattern) & set("{*+") else len(_ATOM.findall(pattern))


def regions(code: int) -> list[phonenumbers.PhoneMetadata]:
    """Return the plans that share a country code, the main one first."""
    names: Sequence[str] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    if REGION_CODE_FOR_NON_GEO_ENTITY in names:
        found = [phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code)]
    else:
        found = [phonenumbers.PhoneMetadata.metadata_for_region(name) for name in names]
    return [metadata for metadata in found if metadata is not None]


class _Plan:
    """What one region's plan says of numbers of one length."""

    def __init__(self, metadata: phonenumbers.PhoneMetadata, length: int) -> None:
        self.claims: str | None = metadata.leading_digits
        self._types = _patterns((getattr(metadata, name) for name in _TYPES), length)
        self._general = _patterns([metadata.general_desc], length)
        self.leading = max(
            self._types.leading,
            self._general.leading,
            _widest(self.claims) if self.claims else 0,
        )

    def valid(self, leading: NDArray[np.int64], given: int) -> NDArray[np.bool_]:
        return self._general.match(leading, given) & self._types.match(leading, given)


def _patterns(descriptions: Iterable[phonenumbers.PhoneNumberDesc | None], length: int) -> Patterns:
    fit = (
        each.national_number_pattern
        for each in descriptions
        if each is not None
        and each.national_number_pattern
        and (not each.possible_length or length in each.possible_length)
    )
    return Patterns(fit, length)


def _first_that_claims(
    plans: Sequence[_Plan], leading: NDArray[np.int64], given: int, length: int
) -> NDArray[np.bool_]:
    # A number belongs to the first region whose leading digits it has, or, where a region names
    # none, to the first in which it is valid (phonenumbers.region_code_for_number).
    if len(plans) == 1:
        return plans[0].valid(leading, given)
    texts = digits(leading, given, length)
    valid = np.zeros(len(leading), dtype=bool)
    open_still = np.ones(len(leading), dtype=bool)
    for plan in plans:
        good = plan.valid(leading, given)
        mine = good if plan.claims is None else _search(texts, f"^(?:{plan.claims})")
        valid |= open_still & mine & good
        open_still &= ~mine
    return valid


def _search(texts: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(
        zero_copy_only=False
    )
    return found
