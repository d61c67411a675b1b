"""The kinds of damage that are diagnosed, each with its line for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkcall.support.masking import masked_text
from bulkcall.validate.phone_parser import country_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.records import Field

    Line = Callable[[str, int, int, str], str]

ROUNDED: Final = r"^\d{5,}00000$"
DATE_PARTS: Final = r"^(?P<a>\d{1,2})[/.\-](?P<b>\d{1,2})[/.\-]\d{2,4}"
UUID_LIKE: Final = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-"
NUMBER_LIKE: Final = r"^[+(]?\d[\d ().\-]{7,18}$"
GARBLED: Final = r"Ã[\x{80}-\x{bf}\x{2010}-\x{203a}ƒ]|Â[\x{a0}-\x{bf}]|â€|à[¤¥]|ï»¿|\x{fffd}"
"""UTF-8 that was read as a Windows code page, and what a decoder puts where it gave up."""
MOSTLY: Final = 0.8
HALF: Final = 0.5
MANY_CALLERS: Final = 500
FEW_RECEIVERS: Final = 5


def _line(text: str) -> Line:
    def line(field: str, count: int, rows: int, example: str) -> str:
        if field.endswith("_number"):
            # These lines stand in logs: a whole number is in the report's own files alone.
            example = masked_text(example)
        return text.format(
            field=field,
            count=f"{count:,}",
            rows=f"{rows:,}",
            share=f"{count / rows:.0%}" if rows else "",
            example=f"e.g. {example}" if example else "",
        )

    return line


def _short(length: int) -> Line:
    return _line(
        "{field}: {count} numbers ({example}) have "
        f"{length} digits, too few: leading zeros may be missing, which spreadsheets take off; "
        "format the column as Text before filling it in"
    )


LINES: Final[dict[str, Line]] = {
    "number.scientific": _line(
        "{field}: {count} of {rows} cells are in scientific notation ({example}) and have lost "
        "digits: format the column as Text before filling it in, or export it again"
    ),
    "rounded": _line(
        "{field}: {count} numbers end in 00000 ({example}): a spreadsheet has rounded them; format "
        "the column as Text and fill it in from the source again"
    ),
    "number.decimal": _line(
        "{field}: {count} numbers became decimals ({example}): format the column as Text, or write "
        "whole numbers in the export"
    ),
    **{f"short {length}": _short(length) for length in range(6, 12)},
    "number.ambiguous": _line(
        "{field}: {count} numbers ({example}) are valid with and without the country code: write "
        "every number with a plus and its country code"
    ),
    "time.ambiguous": _line(
        "{field}: {count} dates ({example}) don't show which part is the day: say --date-format "
        "dmy, mdy or ymd"
    ),
    "time.ambiguous a": _line(
        "{field}: {count} dates have a first part above 12, so that it is the day: --date-format "
        "dmy fits them"
    ),
    "time.ambiguous b": _line(
        "{field}: {count} dates have a second part above 12, so that it is the day: --date-format "
        "mdy fits them; if others of the column begin with the day, a spreadsheet has swapped day "
        "and month in some"
    ),
    "time.impossible a": _line(
        "{field}: {count} dates have day and month swapped against --date-format: their first part "
        "is above 12; dmy fits them, and the others of the column need a look"
    ),
    "time.impossible b": _line(
        "{field}: {count} dates have day and month swapped against --date-format: their second "
        "part is above 12; mdy fits them, and the others of the column need a look"
    ),
    "time.no_zone": _line(
        "{field}: {count} times ({example}) have no offset from UTC: set BULKCALL_TIMEZONE, e.g. "
        "to Asia/Kolkata"
    ),
    "time.no_time_of_day": _line(
        "{field}: {count} cells ({example}) hold a date without a time of day: format the column "
        "as date and time, or use --start and --window"
    ),
    "time.epoch_unit": _line(
        "{field}: {count} times ({example}) are in microseconds or nanoseconds: export epoch "
        "milliseconds or ISO 8601"
    ),
    "time.past": _line(
        "{field}: {count} of {rows} windows ({example}) are already past: is it an old file, or "
        "the wrong year or time zone? --start now --window 8h gives every row a new one, once the "
        "time columns are taken out"
    ),
    "garbled": _line(
        "{field}: {count} texts are garbled ({example}): the file was read in the wrong encoding "
        "before it came here; export it as UTF-8 again"
    ),
    "row.surplus_cells": _line(
        "{count} of {rows} rows have more cells than the header: a text holds the delimiter; put "
        "such texts in double quotes when exporting"
    ),
    "repeats": _line(
        "{share} of the valid rows ({count} of {rows}) were already sent in an earlier run and are "
        "left out: was the right file given? --resend sends them again"
    ),
    "swapped": _line(
        "caller_number holds at least {count} different numbers and receiver_number only {rows}: "
        "are the two columns swapped? --map settles which is which"
    ),
}


def country_line(field: Field, count: int, rows: int, example: str, country: str) -> str:
    """Propose the setting for a column whose numbers are mostly of one other country."""
    return _line(
        "{field}: {count} of "
        f"{rows:,} numbers "
        "({example}) have no plus and are numbers of "
        f"{country_name(country)}: if that is meant, add --countries {country}"
    )(field, count, rows, example)


def mapping_line(field: Field, column: str, what: str) -> str:
    """Say that a column looks mapped to the wrong field."""
    return (
        f"{field}: column {column!r} holds {what}, not {_WANTED[field.value]}: is it mapped to the "
        f"right field? --map {field}=COLUMN settles it"
    )


_WANTED: Final = {
    "caller_number": "phone numbers",
    "receiver_number": "phone numbers",
    "label_id": "UUIDs",
    "dynamic_label_name": "names",
    "dynamic_call_reason": "reasons",
    "starts_at": "times",
    "ends_at": "times",
}
