"""One workbook as a spreadsheet program writes it: XLSX, XLS and ODS give the same rows.

The files are made by make_workbooks.py beside this. Their first sheet is hidden, the second holds
text cells, typed cells and formulas (contract: Campaign file, Formats and Cells).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkcall.errors import CampaignFileError
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import RowFault, RowRule
from bulkcall.validate import ValidateOptions, Validator

WORKBOOKS = Path(__file__).parent / "workbooks"
KINDS = pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
NO_TIMES = frozenset()
ROWS = [
    (
        *("919876543210", "098765 43211", "Acme Café ₹", "2026-03-31T09:10:00+05:30"),
        *("2026-03-31 18:00", "31/03/2026", "0012", "yes", "Ab", "#DIV/0!"),
    ),
    (
        *("919876543210", "9876543212", "Acme", "2026-03-31T09:10:00", "2026-03-31T18:00:30"),
        *("2026-03-31", "1234.5", "TRUE", "2469", ""),
    ),
    (
        *("919876543210", "9876543213", "Acme", "2026-03-31T00:00:00", "2026-04-01T00:00:00"),
        *("", "-7", "FALSE", "2", ""),
    ),
]
"""Text stays text; numbers are digits, dates ISO 8601, formulas what they show."""


def rows_of(kind):
    """Give the rows; LibreOffice writes truth values into an ODS file as the numbers 1 and 0."""
    numbers = {"TRUE": "1", "FALSE": "0"} if kind == "ods" else {}
    return [tuple(numbers.get(cell, cell) for cell in row) for row in ROWS]


@KINDS
def test_each_format_gives_the_same_rows(load, kind):
    """Numbers kept as text and as numbers, dates with and without a time of day, formulas."""
    loaded = load(WORKBOOKS / f"typed.{kind}", supplied=NO_TIMES)
    assert (loaded.file.kind, loaded.file.sheet) == (kind, "Calls")
    assert (loaded.file.header_line, loaded.lines) == (2, [3, 4, 6])
    assert loaded.rows == rows_of(kind)
    assert loaded.faults == {}


@KINDS
def test_each_format_has_its_sheets(load, kind):
    """`--sheet` finds another one, also a hidden one, which is passed over without it."""
    path = WORKBOOKS / f"typed.{kind}"
    assert load(path, sheet="More").rows == [("919876543210", "919876543219", "Other")]
    with pytest.raises(
        CampaignFileError, match="no known column; found: 'nothing', 'much', 'here'"
    ):
        load(path, sheet="Old")


@KINDS
def test_content_tells_the_format(load, kind):
    """Under a name of another kind it is what it was."""
    data = (WORKBOOKS / f"typed.{kind}").read_bytes()
    assert load(data, name="list.csv", supplied=NO_TIMES).rows == rows_of(kind)


@KINDS
def test_each_format_makes_the_same_records(kind):
    """Text and number cells are the same number, date cells and their text the same time."""
    now = int(datetime(2026, 3, 30, tzinfo=UTC).timestamp()) * 1000
    path = str(WORKBOOKS / f"typed.{kind}")
    with open_campaign(path, LoadOptions()) as campaign:
        validator = Validator(campaign.file, ValidateOptions(now_ms=now))
        [chunk] = campaign.chunks()
        records = validator.check(chunk).records
    assert records["valid"].to_pylist() == [True] * 3
    assert records["caller_number"].to_pylist() == [919876543210] * 3
    assert records["receiver_number"].to_pylist() == [919876543211, 919876543212, 919876543213]

    def moment(text):
        return int(datetime.fromisoformat(f"{text}+05:30").timestamp()) * 1000

    days = ["2026-03-31T09:10", "2026-03-31T09:10", "2026-03-31T00:00"]
    assert records["starts_at"].to_pylist() == [moment(day) for day in days]
    ends = ["2026-03-31T18:00", "2026-03-31T18:00:30", "2026-04-01T00:00"]
    assert records["ends_at"].to_pylist() == [moment(day) for day in ends]


@KINDS
def test_an_error_is_shown_and_never_taken_for_an_empty_cell(load, kind):
    """`#DIV/0!` in a column that a record is made of makes its row invalid, in each format."""
    loaded = load(
        WORKBOOKS / f"typed.{kind}", supplied=NO_TIMES, columns={"dynamic_call_reason": "odd"}
    )
    assert loaded.faults == {
        1: RowFault(RowRule.CELL_ERROR, "column 'odd' shows the error #DIV/0!; fix its formula", 9)
    }
