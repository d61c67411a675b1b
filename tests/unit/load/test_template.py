"""`bulkcall template`: a file that can be filled in without damage, and not sent by mistake."""

from __future__ import annotations

import csv

import openpyxl
import pytest

from bulkcall.load.template import write_template


@pytest.mark.parametrize(
    ("with_times", "columns"),
    [
        (False, ["caller", "receiver", "label", "label_id", "reason"]),
        (True, ["caller", "receiver", "label", "label_id", "reason", "start", "end"]),
    ],
)
def test_the_csv_has_the_plain_columns_and_two_examples(tmp_path, with_times, columns):
    """In UTF-8 with a byte order mark, which tells Excel so; times only where asked for."""
    path = tmp_path / "a.csv"
    write_template(path, with_times=with_times)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [list(row) for row in rows] == [columns] * 2
    for row in rows:
        assert row["caller"].startswith("EXAMPLE ")
        assert row["receiver"].startswith("EXAMPLE ")


def test_the_workbook_keeps_numbers_as_text(tmp_path):
    """Columns are text, so that no digit is lost, and bad cells are stopped while typing."""
    path = tmp_path / "a.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Campaign", "Instructions"]
    sheet = book["Campaign"]
    assert sheet["A2"].value == "EXAMPLE +91 98765 43210"
    numbers = sheet.column_dimensions["A"]  # one entry for columns of one width
    assert (numbers.number_format, numbers.min, numbers.max) == ("@", 1, 2)
    assert all(cell.comment is not None for cell in sheet[1])
    checks = {str(check.sqref): check for check in sheet.data_validations.dataValidation}
    assert "ISTEXT" in checks["A2:A10001"].formula1
    assert checks["C2:C10001"].type == "textLength"
    told = [cell.value for row in book["Instructions"].iter_rows() for cell in row if cell.value]
    assert "bulkcall validate a.xlsx --start now --window 8h" in told


def test_a_folder_that_is_not_there(tmp_path):
    """The system's own error, for the command to report."""
    for name in ("a.csv", "a.xlsx"):
        with pytest.raises(OSError, match="No such file"):
            write_template(tmp_path / "none" / name)
