"""A campaign file to fill in, made so that a spreadsheet program can't damage it.

Its example rows can't be sent: the word EXAMPLE in their numbers is a rule of its own
(`number.example`), so that a row that somebody forgot to replace is named, never called.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bulkcall.records import Field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ROWS = 10_000
"""Rows of the XLSX that are formatted and checked while they are typed."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the template: its header, its width, what to fill in, its two examples."""

    field: Field
    name: str
    width: int
    help: str
    examples: tuple[str, str]


_COLUMNS = (
    _Column(
        Field.CALLER_NUMBER,
        "caller",
        28,
        "Required. The number that calls, e.g. +91 98765 43210. The column is formatted as text,"
        " so that no digit is lost.",
        ("EXAMPLE +91 98765 43210", "EXAMPLE +91 98765 43210"),
    ),
    _Column(
        Field.RECEIVER_NUMBER,
        "receiver",
        28,
        "Required. The number that is called, e.g. +91 98111 22233.",
        ("EXAMPLE +91 98111 22233", "EXAMPLE +91 98222 33344"),
    ),
    _Column(
        Field.DYNAMIC_LABEL_NAME,
        "label",
        24,
        "The name to show, 3 to 40 characters. A row needs it or a label_id.",
        ("Example Couriers", ""),
    ),
    _Column(
        Field.LABEL_ID,
        "label_id",
        38,
        "The id (a UUID) of one of your account's labels; `bulkcall labels` lists them. A row needs"
        " it or a label.",
        ("", "00000000-0000-4000-8000-000000000000"),
    ),
    _Column(
        Field.DYNAMIC_CALL_REASON,
        "reason",
        44,
        "May be empty, else 10 to 100 characters; none of ! @ # $ % ^ & * ( ) _ + /, and no full"
        " stop, comma, dash or space at either end.",
        ("Your order arrives today", "Payment due on your account"),
    ),
)
_TIMES = (
    _Column(
        Field.STARTS_AT,
        "start",
        28,
        "Required, unless --start gives it. From when the label is shown: ISO 8601 with an offset,"
        " e.g. 2027-03-31T09:00:00+05:30",
        ("2027-03-31T09:00:00+05:30", "2027-03-31T10:00:00+05:30"),
    ),
    _Column(
        Field.ENDS_AT,
        "end",
        28,
        "Required, unless --window gives it. Until when: after the start, at most 24 hours later,"
        " not past.",
        ("2027-03-31T18:00:00+05:30", "2027-03-31T14:00:00+05:30"),
    ),
)

_INSTRUCTIONS = (
    "How to fill in this file",
    "",
    "1. Replace the two example rows on the sheet Campaign. They are never sent.",
    "2. One row is one call: who calls, who is called, and the label or label_id to show.",
    "3. Leave the columns formatted as text. A number like 9.19877E+11 has lost its digits.",
    "4. Further columns of your own are welcome; they come back in the report.",
    "5. Save the file, then check it:",
)


def write_template(path: Path, *, with_times: bool = False) -> None:
    """Write the header and two example rows, as CSV or (`.xlsx`) XLSX.

    Without `with_times` every row gets its time from `--start` and `--window`.

    Raises:
        OSError: the file can't be written.
    """
    columns = (*_COLUMNS, *_TIMES) if with_times else _COLUMNS
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, columns, with_times=with_times)
    else:
        _write_csv(path, columns)


def _write_csv(path: Path, columns: Sequence[_Column]) -> None:
    # The byte order mark tells Excel that the file is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([each.name for each in columns])
        writer.writerows(zip(*(each.examples for each in columns), strict=True))


def _write_xlsx(path: Path, columns: Sequence[_Column], *, with_times: bool) -> None:
    # Only this function needs it, and it takes a while to import.
    import xlsxwriter  # type: ignore[import-untyped] # noqa: PLC0415
    from xlsxwriter.exceptions import (  # type: ignore[import-untyped] # noqa: PLC0415
        FileCreateError,
    )

    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False})
    text = book.add_format({"num_format": "@"})
    example = book.add_format({"num_format": "@", "italic": True, "font_color": "#7F7F7F"})
    head = book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "num_format": "@"})
    sheet = book.add_worksheet("Campaign")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, text)
        sheet.write_string(0, place, column.name, head)
        sheet.write_comment(0, place, column.help, {"x_scale": 2})
        sheet.data_validation(1, place, _ROWS, place, _validation(column, place))
        for row, cell in enumerate(column.examples, 1):
            if cell:
                sheet.write_string(row, place, cell, example)
    # No green corner that offers to turn a number kept as text into a number.
    last = chr(ord("A") + len(columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:{last}{_ROWS + 1}"})
    _write_instructions(book, columns, path.name, with_times=with_times)
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def _write_instructions(
    book: Any, columns: Sequence[_Column], name: str, *, with_times: bool
) -> None:
    sheet = book.add_worksheet("Instructions")
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 110)
    sheet.write_string(0, 0, _INSTRUCTIONS[0], bold)
    row = 1
    for line in _INSTRUCTIONS[2:]:
        row += 1
        sheet.write_string(row, 0, line)
    row += 1
    sheet.write_string(row, 1, check_command(name, with_times=with_times))
    row += 2
    for column in columns:
        sheet.write_string(row, 0, column.name, bold)
        sheet.write_string(row, 1, column.help, wrapped)
        row += 1


def check_command(path: str, *, with_times: bool) -> str:
    """The command that checks the file once it is filled in."""
    import shlex  # noqa: PLC0415 - for this line alone

    times = "" if with_times else " --start now --window 8h"
    return f"bulkcall validate {shlex.quote(path)}{times}"


def _validation(column: _Column, place: int) -> dict[str, Any]:
    """What a cell of the column must look like; a spreadsheet program checks it at once."""
    cell = f"{chr(ord('A') + place)}2"
    rule: dict[str, Any] = {
        "validate": "custom",
        "ignore_blank": True,
        "input_title": column.name,
        "input_message": column.help[:255],
        "error_title": column.name,
        "error_message": column.help[:255],
        "error_type": "stop",
    }
    if column.field in {Field.CALLER_NUMBER, Field.RECEIVER_NUMBER}:
        # Typed as text, long enough, and no E as in scientific notation.
        rule["value"] = f'=AND(ISTEXT({cell}),LEN({cell})>=7,ISERROR(SEARCH("E",{cell})))'
    elif column.field is Field.LABEL_ID:
        rule["value"] = f"=LEN({cell})=36"
    elif column.field is Field.DYNAMIC_LABEL_NAME:
        rule |= {"validate": "length", "criteria": "between", "minimum": 3, "maximum": 40}
    elif column.field is Field.DYNAMIC_CALL_REASON:
        rule |= {"validate": "length", "criteria": "between", "minimum": 10, "maximum": 100}
    else:
        rule["value"] = f"=OR(ISTEXT({cell}),ISNUMBER({cell}))"
        rule["error_type"] = "information"
    return rule
