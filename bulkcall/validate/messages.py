"""What is wrong with a cell and what to do about it, in words; and which finding helps most."""

from __future__ import annotations

from shlex import quote as quoted
from typing import TYPE_CHECKING, Final

import phonenumbers

from bulkcall.validate.phone_parser import (
    country_name,
    country_of_text,
    invisible_character,
)
from bulkcall.validate.rules import FORBIDDEN_CHARACTERS, NAME_LENGTH, REASON_LENGTH, ROW_RULES
from bulkcall.validate.text_damage import control_character
from bulkcall.validate.time_forms import order_of, proposed_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.validate.phone_parser import PhoneParser

_AS_TEXT: Final = "format the column as Text in the spreadsheet, then enter"

MESSAGES: Final[dict[str, str]] = {
    "number.missing": "missing phone number; fill in the cell",
    "number.scientific": f"scientific notation has lost digits; {_AS_TEXT} the whole value again",
    "number.decimal": f"a decimal number, not a phone number; {_AS_TEXT} the digits alone",
    "number.characters": (
        "contains characters not allowed in a phone number; use digits only, one number in a cell"
    ),
    "number.example": "the template's example row; delete it or replace it with a row of your own",
    "number.error_word": "a spreadsheet error, not a phone number; correct the formula",
    "number.null_word": "stands for nothing; a record needs a phone number",
    "number.invisible_character": "contains {hidden} inside, an invisible character; remove it",
    "number.too_short": "too short ({digits}); leading digits may be missing",
    "number.too_long": "too long ({digits}); one digit too many, or two numbers in a cell",
    "number.wrong_length": (
        "{digits}: too long for a national number, too short after the country code {code}"
    ),
    "number.other_country": (
        "valid only as a number of {country} (+{country_code}), not in the region {region}; "
        "correct it, or if it is meant add a plus or --countries {country_region}"
    ),
    "number.not_valid": "not a valid phone number (region {region})",
    "number.ambiguous": (
        "can be read as +{international} and as +{national}; write a plus and the country code"
    ),
    **{
        f"{kind}.{code}": words
        for kind in ("label_id", "name", "reason")
        for code, words in (
            (
                "error_word",
                "a spreadsheet error, not a text; fix the formula or clear the cell",
            ),
            (
                "null_word",
                (
                    "stands for nothing; clear the cell, or add --null-value {word} to read it "
                    "as empty"
                ),
            ),
            ("placeholder", "an unfilled placeholder; fill the template in and export again"),
            (
                "lost_characters",
                (
                    "letters were lost (question or replacement marks in their place); export from "
                    "the source again as UTF-8"
                ),
            ),
            ("invisible", "nothing visible in the cell; enter a text or clear the cell"),
            ("control_character", "contains {character} inside; remove it"),
        )
    },
    "label_id.not_uuid": (
        "not a UUID; copy the label's id, e.g. 123e4567-e89b-12d3-a456-426614174000, or leave it "
        "empty and set the label's name"
    ),
    "label.missing": "missing label; set label_id or label",
    "name.too_short": "too short ({characters}); must be {name_min} to {name_max}",
    "name.too_long": "too long ({characters}); must be {name_min} to {name_max}",
    "reason.too_short": "too short ({characters}); must be {reason_min} to {reason_max}",
    "reason.too_long": "too long ({characters}); must be {reason_min} to {reason_max}",
    "reason.characters": "contains {found}, which is not allowed in a reason",
    "reason.ends": "begins or ends with a full stop, comma or dash; remove it",
    "time.missing": "missing time; fill in the cell",
    "time.no_zone": (
        "no offset from UTC, and no time zone is set; use e.g. {value}+05:30, or set "
        "BULKCALL_TIMEZONE"
    ),
    "time.ambiguous": "ambiguous date; add --date-format dmy (or mdy, ymd)",
    "time.error_word": "a spreadsheet error, not a time; correct the formula",
    "time.null_word": "stands for nothing; a record needs a time",
    "time.needs_date_format": "the order of day and month is not set; add --date-format {order}",
    "time.no_time_of_day": "a date without a time of day; add the time, e.g. {value}T10:00",
    "time.scientific": f"scientific notation has lost digits; {_AS_TEXT} the whole value again",
    "time.occurs_twice": "occurs twice in {zone}, when clocks go back; add the offset from UTC",
    "time.never_occurs": "never occurs in {zone}, when clocks go forward; use another time",
    "time.impossible": "no such date or time of day",
    "time.epoch_unit": "microseconds or nanoseconds; use epoch milliseconds (13 digits)",
    "time.not_recognised": "not a recognised time; use 2026-04-03T10:00+05:30",
    "time.ends_before_start": "ends_at is not after starts_at",
    "time.too_long": "more than 24 hours after starts_at; use an earlier end",
    "time.past": "end time is in the past",
}
"""Code → its words. Row faults have none: loading has said what is wrong."""

RANK: Final[dict[str, int]] = {code: rank for rank, code in enumerate([*ROW_RULES, *MESSAGES])}
"""Which finding of a row to name first: a row that is out of step explains all that follows from
it; then the record's own order, in which what can't be read comes before what doesn't fit."""


class Wording:
    """Words for findings, with the value in them where that helps."""

    def __init__(self, plan: PhoneParser, timezone: str) -> None:
        self._plan = plan
        self._fixed = {"region": plan.region, "zone": timezone, "code": plan.country_code}
        self._special: dict[str, Callable[[str], str]] = {
            "number.ambiguous": self._both_ways,
            "number.other_country": self._other_country,
            "reason.characters": _characters,
            "time.not_recognised": _not_recognised,
        }

    def message(self, code: str, value: str) -> str:
        """Say what is wrong with a value and what to do."""
        special = self._special.get(code)
        if special is not None:
            return special(value)
        words = MESSAGES[code]
        if "{" not in words:
            return words
        return words.format(
            value=value,
            word=quoted(value),
            character=control_character(value),
            hidden=invisible_character(value) if code == "number.invisible_character" else "",
            order=order_of(value) if code == "time.needs_date_format" else "",
            digits=_digits(value),
            characters=f"{len(value)} character{'s' if len(value) != 1 else ''}",
            name_min=NAME_LENGTH[0],
            name_max=NAME_LENGTH[1],
            reason_min=REASON_LENGTH[0],
            reason_max=REASON_LENGTH[1],
            **self._fixed,
        )

    def _other_country(self, value: str) -> str:
        region = country_of_text(value)
        return MESSAGES["number.other_country"].format(
            country=country_name(region),
            country_code=phonenumbers.country_code_for_region(region),
            country_region=region,
            region=self._plan.region,
        )

    def _both_ways(self, value: str) -> str:
        international, national = self._plan.both(value)
        return MESSAGES["number.ambiguous"].format(international=international, national=national)


def _digits(value: str) -> str:
    count = sum(map(str.isdecimal, value))
    return f"{count} digit{'s' if count != 1 else ''}"


def _not_recognised(value: str) -> str:
    proposed = proposed_format(value)
    if not proposed:
        return MESSAGES["time.not_recognised"]
    return f"not a recognised time; add --date-format {quoted(proposed)}"


def _characters(value: str) -> str:
    found = sorted({mark for mark in value if mark in FORBIDDEN_CHARACTERS})
    return MESSAGES["reason.characters"].format(found=" ".join(f'"{mark}"' for mark in found))
