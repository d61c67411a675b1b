"""Every row of one phone number, in every run: what `bulkcall trace` looks up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkcall.errors import UsageError
from bulkcall.ledger import Trace

if TYPE_CHECKING:
    from bulkcall.ledger import Ledger


def trace_number(ledger: Ledger, number: str, region: str, *, limit: int | None = None) -> Trace:
    """Look up the rows of a caller or receiver, the newest first, at most `limit` of them.

    The number is written as in a campaign file: +91 98765 43210, 09876543210. Raises UsageError
    where it is not a phone number.
    """
    traces = [ledger.trace(digits, limit=limit) for digits in possible_digits(number, region)]
    rows = [row for each in traces for row in each.rows][:limit]
    return Trace(rows, sum(each.total for each in traces))


def possible_digits(number: str, region: str) -> list[str]:
    """The digits that a number may stand under: as written, and as a national number."""
    import phonenumbers  # noqa: PLC0415 - its tables take a while to load

    digits = re.sub(r"\D", "", number)
    # What is left of 9.19877E+11 without its letter is another number.
    if not digits or re.search(r"[^\W\d_]", number):
        raise UsageError(f"{number!r} is not a valid phone number")
    if number.strip().startswith("00"):
        digits = digits[2:]
    found = [digits]
    if not number.strip().startswith(("+", "00")):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            return found
        if phonenumbers.is_valid_number(parsed):
            found.append(f"{parsed.country_code}{parsed.national_number}")
    return list(dict.fromkeys(found))
