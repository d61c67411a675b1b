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
    """calamine, another reader than the one that loads campaign files, finds the same text."""
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
    assert sheet.auto_filter.ref == "A1:R301"
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
    with (
        path.open("wb") as file,
        XlsxReport(file, ["a"], tmp_path, run=ledger.run(), sheet_rows=11) as book,
    ):
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


def test_times_are_dates_in_the_zone_of_the_run(tmp_path):
    """Sent at 04:40 UTC is 10:10 in India, as a real date; each reason has its field."""
    rows = [result("success"), result("invalid", field="receiver_number", message="too short")]
    facts = {"source": {"timezone": "Asia/Kolkata"}}
    ledger = FakeLedger(["a"], [["x"]] * 2, rows, file_facts=facts)
    book = load_workbook(publish(ledger, "r", tmp_path).files["report.xlsx"])
    sheet = book["All rows"]
    place = [cell.value for cell in sheet[1]].index("sent_at") + 1
    assert sheet.cell(2, place).value.isoformat() == "2025-11-21T10:10:00"
    assert sheet.cell(2, place).number_format == 'yyyy-mm-dd hh:mm:ss "+05:30"'
    assert sheet.cell(3, place).value is None
    assert sheet.cell(1, 1).font.bold
    assert sheet.cell(1, 1).font.size == 11
    told = {row[0].value: row[1].value for row in book["Summary"].iter_rows(min_row=3)}
    assert told["Started"].isoformat() == "2025-11-21T10:10:00"
    assert told["Rows"] == 2
    lines = [[cell.value for cell in row] for row in book["Summary"].iter_rows()]
    assert ["invalid", 1, "receiver_number", "too short"] in lines


def test_a_zone_whose_offset_changes_gives_times_in_utc(tmp_path):
    """One column has one offset, and it is the right one for every row."""
    facts = {"source": {"timezone": "Europe/Berlin"}}
    ledger = FakeLedger(["a"], [["x"]], [result("success")], file_facts=facts)
    book = load_workbook(publish(ledger, "r", tmp_path).files["report.xlsx"])
    sheet = book["All rows"]
    place = [cell.value for cell in sheet[1]].index("sent_at") + 1
    assert sheet.cell(2, place).value.isoformat() == "2025-11-21T04:40:00"
    assert sheet.cell(2, place).number_format.endswith('"UTC"')
