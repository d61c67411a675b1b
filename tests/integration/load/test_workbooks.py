"""XLSX, XLS and ODS campaign files (contract: Campaign file, Formats and Cells)."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.records import Field, RowFault, RowRule

HEADER = ["caller", "receiver", "label", "note"]


def xlsx(*sheets, **hidden) -> bytes:
    """Make a workbook of (name, rows)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = hidden.get(name, "visible")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, part: str, change) -> bytes:
    """Change one part of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text) if name == part else text)
    return out.getvalue()


def test_the_first_visible_sheet_is_read(load):
    """Hidden sheets before it do not count."""
    data = xlsx(("Old", [["junk"]]), ("Calls", [HEADER, ["1", "2", "Acme", "x"]]), Old="hidden")
    loaded = load(data, name="a.csv")
    assert loaded.rows == [("1", "2", "Acme", "x")]
    assert (loaded.file.kind, loaded.file.sheet) == ("xlsx", "Calls")


def test_a_sheet_can_be_named(load):
    """`--sheet NAME`, also a hidden one."""
    data = xlsx(
        ("A", [HEADER, ["1", "2", "A", ""]]), ("B", [HEADER, ["1", "2", "B", ""]]), B="hidden"
    )
    assert load(data, sheet="B").rows == [("1", "2", "B", "")]


def test_a_sheet_that_is_not_there_is_wrong_usage(load):
    """The message lists the sheets."""
    with pytest.raises(UsageError, match="no sheet 'C'; the workbook has 'A'"):
        load(xlsx(("A", [HEADER])), sheet="C")


def test_typed_cells_have_their_own_text(load):
    """Whole numbers as digits, dates as ISO 8601, truth values as shown."""
    cells = [
        919876543210,
        9.8765e9,
        "0098",
        dt.datetime.fromisoformat("2026-03-31T09:10:00"),
        dt.date(2026, 3, 31),
        True,
        0.5,
    ]
    loaded = load(xlsx(("A", [["caller", "receiver", "label", "a", "b", "c", "d"], cells])))
    assert loaded.rows == [
        ("919876543210", "9876500000", "0098", "2026-03-31T09:10:00", "2026-03-31", "TRUE", "0.5")
    ]


def test_a_date_cell_of_a_time_column_is_its_midnight(load):
    """So that its text says in a CSV file what it said here; a text stays a text, a day a day."""
    day = dt.date(2026, 3, 31)
    header = ["caller", "receiver", "label", "start", "end", "ordered", day]
    rows = [["1", "2", "A", day, dt.datetime.fromisoformat("2026-04-01T00:00"), day, "2026-03-31"]]
    rows += [["1", "2", "A", "2026-03-31", "2026-03-31", "2026-03-31", None]]
    loaded = load(xlsx(("A", [header, *rows])), supplied=frozenset())
    assert loaded.file.columns[-1] == "2026-03-31"
    assert [row[3:] for row in loaded.rows] == [
        ("2026-03-31T00:00:00", "2026-04-01T00:00:00", "2026-03-31", "2026-03-31"),
        ("2026-03-31", "2026-03-31", "2026-03-31", ""),
    ]


def test_formulas_are_their_shown_value(load):
    """The value that the spreadsheet program last computed."""
    data = xlsx(("A", [HEADER, ["1", "2", "Acme", "=1+1"]]))
    part = "xl/worksheets/sheet1.xml"
    data = repacked(data, part, lambda xml: xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    data = repacked(
        data, part, lambda xml: xml.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    )
    assert load(data).rows == [("1", "2", "Acme", "2")]


def test_a_formula_never_computed_is_a_fault(load):
    """What it would show can't be known; in a column only carried through it does no harm."""
    rows = [HEADER, ["1", "2", "=A2&B2", "x"], ["1", "2", "Acme", "=1+1"], ["=1", None, None, None]]
    loaded = load(xlsx(("A", rows)))
    never = "#UNCOMPUTED!"
    assert loaded.rows == [("1", "2", never, "x"), ("1", "2", "Acme", ""), (never, "", "", "")]
    assert list(loaded.faults) == [1, 3]
    assert "'label' holds a formula that was never computed" in loaded.faults[1].message


def test_a_formula_computed_to_nothing_is_empty(load):
    """Excel writes such a cell as an empty text."""
    data = xlsx(("A", [HEADER, ["1", "2", "=IF(1,)", "x"]]))
    part = "xl/worksheets/sheet1.xml"
    loaded = load(repacked(data, part, lambda x: x.replace(b'<c r="C2"', b'<c r="C2" t="str"')))
    assert (loaded.rows, loaded.faults) == ([("1", "2", "", "x")], {})


def test_an_error_is_shown_and_no_label(load):
    """`#N/A` is the cell's text, and not what anybody wants to send."""
    rows = [[], [None, *HEADER], [None, "1", "2", "#N/A", "x"], [None, "1", "2", "Acme", "#REF!"]]
    loaded = load(xlsx(("A & B", rows)))
    assert loaded.rows == [("", "1", "2", "#N/A", "x"), ("", "1", "2", "Acme", "#REF!")]
    assert loaded.faults == {
        1: RowFault(RowRule.CELL_ERROR, "column 'label' shows the error #N/A; fix its formula", 3)
    }


def test_blank_rows_and_a_header_further_down(load):
    """Rows keep the sheet's own numbers; empty rows and columns above and left do no harm."""
    rows = [[], [None, *HEADER], [], [None, "1", "2", "Acme", "x"], [], [None, "3", "4", "Acme"]]
    loaded = load(xlsx(("A", rows)))
    assert loaded.file.header_line == 2
    assert loaded.lines == [4, 6]
    assert loaded.rows == [("", "1", "2", "Acme", "x"), ("", "3", "4", "Acme", "")]


def test_cells_of_spaces_make_no_row(load):
    """As in CSV, a surplus one included."""
    rows = [[" "], HEADER, [" ", "", "\t"], ["1", "2", "Acme", "x", " "], ["", " "]]
    loaded = load(xlsx(("A", rows)))
    assert loaded.rows == [("1", "2", "Acme", "x")]
    assert loaded.lines == [4]
    assert not loaded.faults


def test_a_surplus_cell_is_a_fault(load):
    """As in CSV."""
    loaded = load(
        xlsx(("A", [HEADER, ["1", "2", "Acme", "x", None, "boo"], ["1", "2", "Acme", "x"]]))
    )
    assert list(loaded.faults) == [1]
    assert "'boo'" in loaded.faults[1].message


def test_a_title_above_the_header_is_told(load):
    """The hint names the row."""
    with pytest.raises(CampaignFileError, match="row 3 looks like the header"):
        load(xlsx(("A", [["Campaign of March"], [], HEADER, ["1", "2", "Acme", "x"]])))


def test_rows_far_down_are_all_read(load):
    """More rows than one batch, with blank ones between."""
    rows = [[str(n), "2", "Acme", ""] if n % 7 else [] for n in range(1, 22_001)]
    loaded = load(xlsx(("A", [HEADER, *rows])))
    assert [row[0] for row in loaded.rows] == [str(n) for n in range(1, 22_001) if n % 7]
    assert loaded.lines == [n + 1 for n in range(1, 22_001) if n % 7]


def test_ods_is_read(load):
    """An OpenDocument sheet, as LibreOffice writes it."""
    row = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in HEADER
    )
    cells = row.replace("caller", "1").replace("receiver", "2")
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="Calls"><table:table-row>{row}</table:table-row>'
        f"<table:table-row>{cells}</table:table-row></table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    loaded = load(out.getvalue())
    assert loaded.file.kind == "ods"
    assert loaded.rows == [("1", "2", "label", "note")]
    assert loaded.file.fields[Field.DYNAMIC_LABEL_NAME] == 2


@pytest.mark.parametrize(
    "ref", ["XFD1048576", "ZZZZZ4294967295", "A4294967295", "XFD0", "0", "A99999999999999999999"]
)
def test_a_hostile_cell_reference_is_one_clear_line(load, ref):
    """A cell far away can't make the process ask for all memory, or go round for ever."""
    data = xlsx(("A", [HEADER, ["1", "2", "Acme", "x"]]))
    data = repacked(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<row r="2"', b'<row r="%d"' % 2).replace(
            b'r="D2"', b'r="%s"' % ref.encode()
        ),
    )
    with pytest.raises(
        CampaignFileError, match=r"damaged|can't be read|no spreadsheet program"
    ) as caught:
        load(data)
    assert "\n" not in str(caught.value)


def test_a_damaged_workbook_is_one_clear_line(load):
    """Cut off, emptied, or XML that ends early."""
    data = xlsx(("A", [HEADER, ["1", "2", "Acme", "x"]]))
    for bad in (
        data[:-40],
        repacked(data, "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2]),
        repacked(data, "xl/workbook.xml", lambda _: b""),
    ):
        with pytest.raises(CampaignFileError, match="damaged"):
            load(bad)


def test_an_encrypted_workbook_is_told(load):
    """Nothing but the password is missing."""
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(CampaignFileError, match="encrypted; save it without a password"):
        load(data)


def test_a_workbook_has_a_limit(load):
    """What it unpacks to is bounded before it is read."""
    with pytest.raises(CampaignFileError, match=r"unpacks to .* bytes; the limit is 1,000"):
        load(xlsx(("A", [HEADER, ["1", "2", "Acme", "x"]])), max_workbook=1000)


def test_another_office_document_is_told(load):
    """A text document is no workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(CampaignFileError, match="a Word document, not a workbook"):
        load(out.getvalue())
