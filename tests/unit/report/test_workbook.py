"""report.xlsx, opened again by two other libraries."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from bulkcall.report import publish
from bulkcall.report.build import row_blocks
from bulkcall.report.xlsx import XlsxReport
from tests.unit.report.campaign import sample_ledger
from tests.unit.report.ledgers import FakeLedger, result

HARM = [
    "=1+1", "+919810000001", "-1", "@SUM(A1)", "http://example.invalid/", "000123", "1e5",
    "9" * 30, "<b>&amp;</b>", "two\nlines", "tab\there", "_x0041_", "nul\x00 esc\x1b",
    "\uffff|\ufffe",
    "नमस्ते \u202e😀", " spaces ", "m" * 40_000, "\r\ncr", "TRUE", "#N/A",
]  # fmt: skip


@pytest.fixture(scope="module")
def harm(tmp_path_factory):
    """A workbook of hostile and awkward cells."""
    rows = [result("error", message=text) for text in HARM]
    ledger = FakeLedger(["own", "empty"], [[text, ""] for text in HARM], rows)
    return publish(ledger, "r", tmp_path_factory.mktemp("harm")).files["report.xlsx"]


def expected(text):
    """What a sheet can hold of a text: noncharacters are replaced, the longest are cut."""
    text = text.replace("\uffff", "\ufffd").replace("\ufffe", "\ufffd")
    if len(text) > 32_767:
        cut = "… (cut: outcomes.csv has the whole text)"
        return text[: 32_767 - len(cut)] + cut
    return text


def test_every_cell_is_text_and_comes_back_whole(harm):
    """Openpyxl sees strings, no formula and no link, digit for digit."""
    from openpyxl.utils.escape import unescape

    book = load_workbook(harm)
    for name in ("All rows", "To work through"):
        sheet = book[name]
        for row, text in enumerate(HARM, 2):
            cell = sheet.cell(row, 2)
            assert cell.data_type in {"s", "inlineStr"}
            assert cell.hyperlink is None
            assert unescape(cell.value) == expected(text)
            assert sheet.cell(row, 3).value is None


def test_another_reader_agrees(harm):
    """calamine, which the campaign file's own reader uses, finds the same text."""
    book = CalamineWorkbook.from_path(str(harm))
    rows = book.get_sheet_by_name("All rows").to_python()
    for text, row in zip(HARM, rows[1:], strict=True):
        assert row[1] == expected(text)


def test_sheets_are_ready_to_work_with(tmp_path):
    """Summary first; frozen header, filter, widths, numbers as text, figures as figures."""
    path = publish(sample_ledger(300), "r", tmp_path).files["report.xlsx"]
    book = load_workbook(path)
    assert book.sheetnames == ["Summary", "To work through", "All rows"]
    assert "of 300 rows confirmed" in book["Summary"]["A1"].value
    sheet = book["All rows"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:Q301"
    assert sheet.max_row == 301
    assert sheet.column_dimensions["C"].width >= 12
    header = [cell.value for cell in sheet[1]]
    assert header[:4] == ["row", "caller", "receiver", "label"]
    row = dict(zip(header, [cell.value for cell in sheet[3]], strict=True))
    assert row["row"] == 2
    assert isinstance(row["attempts"], int)
    assert isinstance(row["caller"], str)
    failures = book["To work through"]
    outcome = [cell.value for cell in failures[1]].index("outcome") + 1
    words = {failures.cell(place, outcome).value for place in range(2, failures.max_row + 1)}
    assert "success" not in words
    assert len(words) > 3


def test_rows_past_the_sheets_limit_go_on_the_next(tmp_path):
    """A sheet ends where Excel's ends; the next begins with the header again."""
    ledger = FakeLedger(["a"], [[str(n)] for n in range(25)], [result("success")] * 25)
    path = tmp_path / "report.xlsx"
    with path.open("wb") as file, XlsxReport(file, ["a"], tmp_path, sheet_rows=11) as book:
        for block in row_blocks(ledger, "r"):
            book.add(block)
        from bulkcall.report import build_report

        book.finish(build_report(ledger, "r"))
    held = load_workbook(path)
    assert held.sheetnames == [
        *["Summary", "To work through", "All rows", "All rows 2", "All rows 3"]
    ]
    shown = [
        [sheet.cell(row, 2).value for row in range(2, sheet.max_row + 1)]
        for sheet in held.worksheets[2:]
    ]
    assert [len(each) for each in shown] == [10, 10, 5]
    assert [value for each in shown for value in each] == [str(n) for n in range(25)]
    assert all(sheet.cell(1, 2).value == "a" for sheet in held.worksheets[2:])
