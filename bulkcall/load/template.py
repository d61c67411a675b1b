"""A campaign file to fill in, made so that a spreadsheet program can't damage it."""

from __future__ import annotations

import csv
import datetime as dt
from typing import TYPE_CHECKING, Any

from bulkcall.records import Field

if TYPE_CHECKING:
    from pathlib import Path

_ROWS = 10_000
"""Rows of the XLSX that are formatted and checked while they are typed."""
_IST = dt.timezone(dt.timedelta(hours=5, minutes=30))

_HELP = {
    Field.CALLER_NUMBER: "Required. The number that calls, e.g. +91 98765 43210. The column is "
    "formatted as text, so that no digit is lost.",
    Field.RECEIVER_NUMBER: "Required. The number that is called, e.g. +91 98111 22233.",
    Field.LABEL_ID: "The id (a UUID) of one of your dynamic labels. A row needs it or a name.",
    Field.DYNAMIC_LABEL_NAME: "3 to 40 characters. A row needs it or a label id.",
    Field.DYNAMIC_CALL_REASON: "May be empty, else 10 to 100 characters; none of "
    "! @ # $ % ^ & * ( ) _ + /, and no full stop, comma, dash or space at either end.",
    Field.STARTS_AT: "Required (or give all rows the same window with --start and --window). "
    "ISO 8601 with an offset: 2026-03-31T09:00:00+05:30",
    Field.ENDS_AT: "Required (or --window). After starts_at, at most 24 hours later, not past.",
}
_WIDTH = {
    Field.CALLER_NUMBER: 20,
    Field.RECEIVER_NUMBER: 20,
    Field.LABEL_ID: 38,
    Field.DYNAMIC_LABEL_NAME: 24,
    Field.DYNAMIC_CALL_REASON: 44,
    Field.STARTS_AT: 28,
    Field.ENDS_AT: 28,
}


def write_template(path: Path, *, today: dt.date | None = None) -> None:
    """Write the header and two valid example rows, for tomorrow, as CSV or (`.xlsx`) XLSX.

    Raises:
        OSError: the file can't be written.
    """
    rows = _examples(today or dt.datetime.now(_IST).date())
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, rows)
    else:
        _write_csv(path, rows)


def _examples(today: dt.date) -> list[list[str]]:
    def at(hour: int) -> str:
        day = today + dt.timedelta(days=1)
        return dt.datetime(day.year, day.month, day.day, hour, tzinfo=_IST).isoformat()

    return [
        ["+91 98765 43210", "+91 98111 22233", "", "Acme Couriers",
         "Your order 48213 arrives today", at(9), at(18)],
        ["+91 98765 43210", "+91 98222 33344", "3f0e8a52-7c1d-4b0e-9a55-2d6f1c7b9e10", "",
         "Payment due on your account", at(10), at(14)],
    ]  # fmt: skip


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    # The byte order mark tells Excel that the file is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([list(Field), *rows])


def _write_xlsx(path: Path, rows: list[list[str]]) -> None:
    # Only this function needs it, and it takes a while to import.
    import xlsxwriter  # type: ignore[import-untyped] # noqa: PLC0415
    from xlsxwriter.exceptions import (  # type: ignore[import-untyped] # noqa: PLC0415
        FileCreateError,
    )

    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False})
    text = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "num_format": "@"})
    sheet = book.add_worksheet("Campaign")
    sheet.freeze_panes(1, 0)
    for column, field in enumerate(Field):
        sheet.set_column(column, column, _WIDTH[field], text)
        sheet.write_string(0, column, field, head)
        sheet.write_comment(0, column, _HELP[field], {"x_scale": 2})
        sheet.data_validation(1, column, _ROWS, column, _validation(field, column))
        for row, cells in enumerate(rows, 1):
            if cells[column]:
                sheet.write_string(row, column, cells[column], text)
    # No green corner that offers to turn a number kept as text into a number.
    sheet.ignore_errors({"number_stored_as_text": f"A1:G{_ROWS + 1}"})
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def _validation(field: Field, column: int) -> dict[str, Any]:
    """Say what a cell of the column must look like; a spreadsheet program checks it at once."""
    cell = f"{chr(ord('A') + column)}2"
    rule: dict[str, Any] = {
        "validate": "custom",
        "ignore_blank": True,
        "input_title": field,
        "input_message": _HELP[field][:255],
        "error_title": field,
        "error_message": _HELP[field][:255],
        "error_type": "stop",
    }
    if field in {Field.CALLER_NUMBER, Field.RECEIVER_NUMBER}:
        # Typed as text, long enough, and no E as in scientific notation.
        rule["value"] = f'=AND(ISTEXT({cell}),LEN({cell})>=7,ISERROR(SEARCH("E",{cell})))'
    elif field is Field.LABEL_ID:
        rule["value"] = f"=LEN({cell})=36"
    elif field is Field.DYNAMIC_LABEL_NAME:
        rule |= {"validate": "length", "criteria": "between", "minimum": 3, "maximum": 40}
    elif field is Field.DYNAMIC_CALL_REASON:
        rule |= {"validate": "length", "criteria": "between", "minimum": 10, "maximum": 100}
    else:
        rule["value"] = f"=OR(ISTEXT({cell}),ISNUMBER({cell}))"
        rule["error_type"] = "information"
    return rule
