"""`bulkcall template`: a file that can be filled in without damage."""

from __future__ import annotations

import csv
import datetime as dt

import openpyxl
import pytest

from bulkcall.load.template import write_template
from bulkcall.records import Field

TODAY = dt.date(2026, 3, 30)


def test_the_csv_has_the_seven_columns_and_two_rows(tmp_path):
    """In UTF-8 with a byte order mark, which tells Excel so."""
    path = tmp_path / "a.csv"
    write_template(path, today=TODAY)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [list(row) for row in rows] == [list(Field)] * 2
    assert rows[0]["starts_at"] == "2026-03-31T09:00:00+05:30"
    assert rows[0]["ends_at"] == "2026-03-31T18:00:00+05:30"


def test_the_workbook_keeps_numbers_as_text(tmp_path):
    """Columns are text, so that no digit is lost, and bad cells are stopped while typing."""
    path = tmp_path / "a.xlsx"
    write_template(path, today=TODAY)
    sheet = openpyxl.load_workbook(path).active
    assert [cell.value for cell in sheet[1]] == list(Field)
    assert sheet["A2"].value == "+91 98765 43210"
    numbers = sheet.column_dimensions["A"]  # one entry for columns of one width
    assert (numbers.number_format, numbers.min, numbers.max) == ("@", 1, 2)
    assert all(cell.comment is not None for cell in sheet[1])
    checks = {str(check.sqref): check for check in sheet.data_validations.dataValidation}
    assert "ISTEXT" in checks["A2:A10001"].formula1
    assert checks["D2:D10001"].type == "textLength"


def test_a_folder_that_is_not_there(tmp_path):
    """The system's own error, for the command to tell."""
    for name in ("a.csv", "a.xlsx"):
        with pytest.raises(OSError, match="No such file"):
            write_template(tmp_path / "none" / name, today=TODAY)
