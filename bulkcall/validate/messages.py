"""What is wrong with a cell and what to do about it, in words; and which finding helps most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkcall.validate.rules import FORBIDDEN_CHARACTERS, NAME_LENGTH, REASON_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.validate.phone_parser import PhoneParser

_AS_TEXT: Final = "format the column as Text in the spreadsheet, then enter"

MESSAGES: Final[dict[str, str]] = {
    "number_required": "no number: fill in the cell",
    "scientific_notation": (
        f"scientific notation has lost digits: {_AS_TEXT} the whole value again"
    ),
    "decimal_number": f"a decimal number, not a phone number: {_AS_TEXT} the digits alone",
    "number_characters": (
        "holds something that is no part of a phone number: write digits only, one number in a cell"
    ),
    "valid_number": "no valid phone number, neither with a country code nor in {region}: check it",
    "one_country": (
        "can be read as +{international} and as +{national}: write a plus and the country code"
    ),
    "uuid": (
        "not a UUID: copy the label's id, e.g. 123e4567-e89b-12d3-a456-426614174000, or leave it "
        "empty and give the label's name"
    ),
    "label_required": "no label: fill in label_id or dynamic_label_name",
    "name_length": "{length} characters: a label name has {name_min} to {name_max}",
    "reason_length": "{length} characters: a reason has {reason_min} to {reason_max}",
    "reason_characters": "holds {found}: take it out, a reason may not hold any of {forbidden}",
    "reason_ends": "begins or ends with a full stop, comma or dash: take it off",
    "time_required": "no time: fill in the cell",
    "time_zone": (
        "no offset from UTC, and no time zone is set: write e.g. {value}+05:30, or set "
        "BULKCALL_TIMEZONE"
    ),
    "date_order": (
        "day and month can't be told apart for certain: say --date-format dmy, mdy or ymd, or "
        "write 2026-04-03T10:00"
    ),
    "time_of_day": "a date without a time of day: add the time, e.g. {value}T10:00",
    "time_occurs_twice": (
        "occurs twice in {zone}, when the clocks are set back: add the offset from UTC"
    ),
    "time_never_occurs": ("never occurs in {zone}, when the clocks are set forward: correct it"),
    "possible_time": "no such date or time of day: correct it",
    "epoch_unit": "microseconds or nanoseconds: give epoch milliseconds (13 digits)",
    "readable_time": "no time that can be read for certain: write e.g. 2026-04-03T10:00+05:30",
    "ends_after_start": "ends_at is not after starts_at: correct one of them",
    "at_most_24_hours": "more than 24 hours after starts_at: end it earlier",
    "not_past": "ends_at is already past: give a later end",
}
"""Rule → its words. `surplus_cell` has none: loading has said what is wrong."""

RANK: Final[dict[str, int]] = {rule: rank for rank, rule in enumerate(["surplus_cell", *MESSAGES])}
"""Which finding of a row to name first: a row that is out of step explains all that follows from
it; then the record's own order, in which what can't be read comes before what doesn't fit."""


class Wording:
    """Words for findings, with the value in them where that helps."""

    def __init__(self, plan: PhoneParser, timezone: str) -> None:
        self._plan = plan
        self._fixed = {"region": plan.region, "zone": timezone}
        self._special: dict[str, Callable[[str], str]] = {
            "one_country": self._both_ways,
            "reason_characters": _characters,
        }

    def message(self, rule: str, value: str) -> str:
        """Say what is wrong with a value and what to do."""
        special = self._special.get(rule)
        if special is not None:
            return special(value)
        words = MESSAGES[rule]
        if "{" not in words:
            return words
        return words.format(
            value=value,
            length=len(value),
            name_min=NAME_LENGTH[0],
            name_max=NAME_LENGTH[1],
            reason_min=REASON_LENGTH[0],
            reason_max=REASON_LENGTH[1],
            **self._fixed,
        )

    def _both_ways(self, value: str) -> str:
        international, national = self._plan.both(value)
        return MESSAGES["one_country"].format(international=international, national=national)


def _characters(value: str) -> str:
    found = " ".join(sorted({mark for mark in value if mark in FORBIDDEN_CHARACTERS}))
    return MESSAGES["reason_characters"].format(
        found=found, forbidden=" ".join(FORBIDDEN_CHARACTERS)
    )
