"""Workbooks that people really have and that once went wrong (`cases/`), and their kinds."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from bulkcall.errors import CampaignFileError
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import Field, RowRule
from tests.integration.load.spelled_xlsx import ERROR, FORMULA, SPELLINGS, spelled

CASES = Path(__file__).parent / "cases"
SUPPLIED = frozenset({Field.STARTS_AT, Field.ENDS_AT})
HEADER = ["caller", "receiver", "label", "note"]


def notes_of(path, **options):
    """Return what is said of a file once it was read."""
    with open_campaign(str(path), LoadOptions(**options)) as campaign:
        for _ in campaign.chunks():
            pass
        return campaign.notes


@pytest.mark.parametrize("name", ["error-cells-plain", "error-cells-prefixed"])
def test_errors_and_formulas_in_each_spelling_of_a_case(load, name):
    """How the XML is spelled changes no verdict."""
    loaded = load(CASES / f"{name}.xlsx")
    assert {row: fault.rule for row, fault in loaded.faults.items()} == {
        2: RowRule.CELL_ERROR,
        3: RowRule.CELL_ERROR,
        4: RowRule.FORMULA_NOT_COMPUTED,
        5: RowRule.FORMULA_NOT_COMPUTED,
    }


ROWS = [
    HEADER,
    ["919876543210", 919811122233, "Crédit <A&B>", True],
    ["919876543210", "9811122234", ERROR, "x"],
    [],
    ["919876543210", "9811122235", FORMULA, 0.5],
    [ERROR, None, " two\tblanks  ", FORMULA],
]


@pytest.mark.parametrize("how", SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_says_the_same(load, how):
    """Prefixes, quotes, references, strings, comments, encodings, names and places of parts."""
    loaded = load(spelled(ROWS, how))
    assert loaded.rows == [
        ("919876543210", "919811122233", "Crédit <A&B>", "TRUE"),
        ("919876543210", "9811122234", "#N/A", "x"),
        ("919876543210", "9811122235", "#UNCOMPUTED!", "0.5"),
        ("#N/A", "", " two\tblanks  ", ""),
    ]
    assert loaded.lines == [2, 3, 5, 6]
    assert {row: (fault.rule, fault.column) for row, fault in loaded.faults.items()} == {
        2: (RowRule.CELL_ERROR, 2),
        3: (RowRule.FORMULA_NOT_COMPUTED, 2),
        4: (RowRule.CELL_ERROR, 0),
    }


def test_hidden_rows_are_said_and_can_be_left_out(load):
    """Left out, they do not count as rows."""
    path = CASES / "filtered-rows.xlsx"
    assert len(load(path).rows) == 6
    assert any(
        note.startswith("3 of 6 rows are hidden") for note in notes_of(path, supplied=SUPPLIED)
    )
    left = load(path, skip_hidden=True)
    assert [row[-1] for row in left.rows] == ["call"] * 3
    assert left.lines == [3, 5, 7]
    said = notes_of(path, supplied=SUPPLIED, skip_hidden=True)
    assert said == ("3 rows are hidden in the sheet and were left out (--skip-hidden)",)


def test_a_column_of_typed_and_text_dates_is_said():
    """The typed ones may have been swapped when they were entered."""
    for field in ("starts_at", "ends_at"):
        said = [n for n in notes_of(CASES / "dates-half-swapped.xlsx") if n.startswith(field)]
        assert len(said) == 1
        assert "mixes 3 typed dates (the first in sheet row 5) with 3 written as text" in said[0]


def test_an_empty_first_sheet_names_the_others(load):
    """And the flag that chooses one."""
    with pytest.raises(CampaignFileError, match=r"is empty; other sheets .*'Data'.*--sheet"):
        load(CASES / "empty-first-sheet.xlsx")
    assert load(CASES / "empty-first-sheet.xlsx", sheet="Data").rows


def test_blank_cells_of_any_blank_in_a_workbook(load):
    """As in CSV."""
    loaded = load(CASES / "nbsp-blank.xlsx")
    assert len(loaded.rows) == 2
    assert not loaded.faults


def written(rows, **formats):
    """Write a workbook with xlsxwriter; a value may be (value, number format)."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, tuple):
                sheet.write_number(at, column, value[0], book.add_format({"num_format": value[1]}))
            elif value is not None:
                sheet.write(at, column, value)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize(
    "odd", [(1e9, "[h]:mm:ss"), (1e300, "[h]:mm"), (5e6, "yyyy-mm-dd"), (-1, "dd/mm/yyyy")]
)
def test_one_odd_value_in_a_column_that_nobody_uses(load, odd):
    """A date beyond the calendar refuses no file; in a column that is used, its row is invalid."""
    data = written([HEADER, ["1", "2", "Acme", odd], ["1", "3", "Acme", "x"]])
    assert len(load(data).rows) == 2
    assert not load(data).faults
    used = load(data, columns={"dynamic_call_reason": "note"})
    assert [fault.rule for fault in used.faults.values()] in ([], [RowRule.CELL_UNREADABLE])


def test_a_cell_far_out_is_refused_by_width_and_height(load):
    """Before anything is spread out in memory: 9,000 rows with a cell in the last column."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER)
    out = io.BytesIO()
    book.save(out)
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="XFD{n}"><v>1</v></c></row>'
        for n in range(2, 9_000)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                text = text.replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            new.writestr(name, text)
    with pytest.raises(CampaignFileError, match="reaches to row 1,025 and column 16,384"):
        load(packed.getvalue())


def test_an_entity_bomb_is_refused(load):
    """No document type is read at all, so that no entity is ever expanded."""
    data = spelled(ROWS, SPELLINGS["plain"])
    bomb = b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaa'>]>"
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b"?>", b"?>" + bomb, 1) if "sheet1" in name else text)
    with pytest.raises(CampaignFileError, match="declares a document type"):
        load(packed.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_parts_packed_in_an_odd_way_are_refused(load, method):
    """bzip2 and LZMA take memory without bound; no spreadsheet program uses them."""
    data = spelled(ROWS, SPELLINGS["plain"])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(CampaignFileError, match="packed in a way that no spreadsheet program uses"):
        load(packed.getvalue())


def test_long_formulas_are_read_in_a_moment(load):
    """A sheet that once took minutes: tags that open and never close as a pattern would have it."""
    data = spelled(ROWS, SPELLINGS["plain"])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            text = old.read(name)
            if "sheet1" in name:
                text = text.replace(b"</sheetData>", b"</sheetData>" + b"<c><f/>" * 200_000)
            new.writestr(name, text)
    with pytest.raises(CampaignFileError, match="damaged"):
        load(packed.getvalue())


RUBY = (
    "<text:p><text:ruby><text:ruby-base>明日</text:ruby-base><text:ruby-text>あす</text:ruby-text>"
    "</text:ruby></text:p>"
)
ODS_NAMES = "".join(
    f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
    for n in ("office", "table", "text")
)


def ods(*rows):
    """Write an ODS of rows of cells, each the XML inside a cell."""
    inner = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string">{cell}</table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content{ODS_NAMES}><office:body><office:spreadsheet>"
            f'<table:table table:name="Calls">{inner}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<text:p>Asha<text:line-break/>Bank</text:p>", "Asha\nBank"),
        ("<text:p>Asha</text:p><text:p>Bank</text:p>", "Asha\nBank"),
        ("<text:p>Asha<text:tab/>Bank</text:p>", "Asha\tBank"),
        ('<text:p>Asha<text:s text:c="2"/>Bank</text:p>', "Asha  Bank"),
        ("<text:p>Asha<text:s/> Bank</text:p>", "Asha  Bank"),
        ("<text:p> Asha \n  <text:span>Bank</text:span> </text:p>", "Asha Bank"),
        (RUBY, "明日"),
        ("<office:annotation><text:p>no</text:p></office:annotation><text:p>Asha</text:p>", "Asha"),
        ("<text:p>A<text:note><text:p>foot</text:p></text:note>B</text:p>", "AB"),
    ],
)  # fmt: skip
def test_what_stands_inside_an_ods_cell(load, inside, text):
    """Breaks and blanks stay; readings, comments and notes are left out."""
    header = [f"<text:p>{name}</text:p>" for name in HEADER]
    one = ["<text:p>1</text:p>", "<text:p>2</text:p>", inside, "<text:p>x</text:p>"]
    assert load(ods(header, one)).rows == [("1", "2", text, "x")]


def test_dates_as_each_format_of_numbers_shows_them(load):
    """Own formats with quotes, colours and languages; durations; numbers stay numbers."""
    rows = [
        ["caller", "receiver", "label", "a", "b", "c", "d", "e"],
        ["1", "2", "A", (46112, 'yyyy"year"'), (46112.5, "[$-409]d-mmm-yy h:mm AM/PM;@"),
         (1.5, "[h]:mm"), (5, '[Red]0.00" days"'), (0.25, "hh:mm")],
    ]  # fmt: skip
    assert load(written(rows)).rows[0][3:] == (
        "2026-03-31", "2026-03-31T12:00:00", "36:00:00", "5", "06:00:00",
    )  # fmt: skip


def test_a_date_cell_is_the_same_from_1904_on(load):
    """The Mac's calendar."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["1", "2", "Acme"])
    day = dt.datetime.fromisoformat("2026-03-31T10:00")
    sheet.write_datetime(1, 3, day, book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
    book.close()
    assert load(out.getvalue()).rows[0][3] == "2026-03-31T10:00:00"


def test_escaped_characters_of_a_text(load):
    """`_x000A_` is a line break."""
    data = spelled([HEADER, ["1", "2", "Asha_x000A_Bank", "_x005F_x41_"]], SPELLINGS["plain"])
    assert load(data).rows == [("1", "2", "Asha\nBank", "_x41_")]
