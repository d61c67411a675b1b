"""One truth about cells: the same sheet has the same verdicts, row by row, in every format."""

from __future__ import annotations

import csv
import io
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcall.load import LoadOptions, open_campaign
from bulkcall.load.workbook_process.number_formats import Shows
from bulkcall.load.workbook_process.package import Package
from bulkcall.load.workbook_process.xlsx import Xlsx
from bulkcall.load.workbook_process.xlsx_plain import PlainRows, plain_strings
from bulkcall.records import Field, RowRule
from bulkcall.validate import ValidateOptions, Validator
from tests.integration.load.spelled_xlsx import ERROR, SPELLINGS, spelled
from tests.integration.load.written_xlsb import ERROR as XLSB_ERROR
from tests.integration.load.written_xlsb import xlsb

HEADER = ["caller", "receiver", "label", "reason", "note"]
SUPPLIED = frozenset({Field.STARTS_AT, Field.ENDS_AT})
NOW_MS = 1_780_000_000_000

numbers = st.one_of(
    st.sampled_from(["919876543210", "+91 98765 43210", "9876543210", "91987654321", "x", ""]),
    st.integers(919800000000, 919899999999),
    st.sampled_from([9876543210, 98765, 9.87654321e9, 0.5]),
)
texts = st.one_of(
    st.sampled_from(
        ["Acme Bank", "Crédit Agricole", "#N/A", "NULL", " ", "\u00a0", "a\u200bb", "", "ab",
         "Asha & Söhne <x>", "'quoted", "=1+1", "सुनीता लोन", "{{name}}", "?????"]
    ),
    st.just(ERROR),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12),
)  # fmt: skip
rows = st.lists(
    st.tuples(
        numbers,
        numbers,
        texts,
        texts,
        st.one_of(texts, st.integers(-8_000_000, 8_000_000).map(lambda n: n / 8)),
    ),
    min_size=1,
    max_size=8,
)


def shown(value) -> str:
    """Return what a cell shows."""
    if value is ERROR:
        return "#N/A"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_csv(sheet):
    """Write the shown texts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER, *([shown(cell) for cell in row] for row in sheet)])
    return out.getvalue().encode()


def as_xlsxwriter(sheet):
    """Write with xlsxwriter; an error is a formula that shows one."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    for at, row in enumerate([HEADER, *sheet]):
        for column, cell in enumerate(row):
            if cell is ERROR:
                page.write_formula(at, column, "=NA()", None, "#N/A")
            elif isinstance(cell, bool):
                page.write_boolean(at, column, cell)
            elif isinstance(cell, str):
                page.write_string(at, column, cell)
            else:
                page.write_number(at, column, cell)
    book.close()
    return out.getvalue()


def as_openpyxl(sheet):
    """Write with openpyxl."""
    book = openpyxl.Workbook()
    for at, row in enumerate([HEADER, *sheet], 1):
        for column, cell in enumerate(row, 1):
            place = book.active.cell(at, column)
            if cell is ERROR:
                place.value = "#N/A"
            elif cell != "":
                place.value = cell
                if isinstance(cell, str):
                    place.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_ods(sheet):
    """Write an ODS as LibreOffice does."""
    lines = [
        "<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>"
        for row in [HEADER, *sheet]
    ]
    urn = "urn:oasis:names:tc:opendocument:xmlns:"
    names = "".join(f' xmlns:{n}="{urn}{n}:1.0"' for n in ("office", "table", "text"))
    calc = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content{names} xmlns:calcext="{calc}"><office:body>'
            f'<office:spreadsheet><table:table table:name="Calls">{"".join(lines)}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def _ods_cell(cell) -> str:
    if cell is ERROR:
        return (
            '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
            'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
        )
    if isinstance(cell, bool):
        value = str(cell).lower()
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{value}"/>'
    if not isinstance(cell, str):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
    inside = "".join("<text:s/>" if character == " " else escape(character) for character in cell)
    return (
        f'<table:table-cell office:value-type="string"><text:p>{inside}</text:p></table:table-cell>'
    )


def as_xlsb(sheet):
    """Write an XLSB."""
    return xlsb([HEADER, *([XLSB_ERROR if c is ERROR else c for c in row] for row in sheet)])


def as_parquet(sheet):
    """Write the shown texts: a column of Parquet has one type."""
    columns = [[shown(row[at]) for row in sheet] for at in range(len(HEADER))]
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(HEADER, columns, strict=True))), out)
    return out.getvalue()


WRITERS = {
    "xlsxwriter": as_xlsxwriter,
    "openpyxl": as_openpyxl,
    "ods": as_ods,
    "xlsb": as_xlsb,
    "parquet": as_parquet,
    **{
        f"xlsx {name}": (lambda sheet, how=how: spelled([HEADER, *sheet], how))
        for name, how in SPELLINGS.items()
    },
}


def verdicts(path, data):
    """Return each row's cells and whether it is valid."""
    path.write_bytes(data)
    with open_campaign(str(path), LoadOptions(supplied=SUPPLIED)) as campaign:
        validator = Validator(
            campaign.file, ValidateOptions(now_ms=NOW_MS, start="now", window="8h")
        )
        found = []
        for chunk in campaign.chunks():
            valid = validator.check(chunk).records["valid"].to_pylist()
            cells = zip(*(column.to_pylist() for column in chunk.cells.columns), strict=True)
            found += zip(cells, valid, strict=True)
        return found


@pytest.fixture
def path(tmp_path):
    """Where each file is written."""
    return tmp_path / "file"


@given(rows, st.sampled_from(sorted(WRITERS)))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_format_ends_in_the_same_verdicts(path, sheet, name):
    """The same cells as CSV and in each other format: the same rows, texts and verdicts."""
    sheet = [row for row in sheet if any(shown(cell).strip() for cell in row)]
    if not any(shown(cell).strip("\u00a0\u200b ") for row in sheet for cell in row):
        return
    assert verdicts(path, WRITERS[name](sheet)) == verdicts(path, as_csv(sheet))


def test_xlsb_has_errors_dates_and_hidden_rows(load):
    """What the binary format says of a cell, and of a row."""
    data = xlsb(
        [HEADER, ["1", "2", "Acme", XLSB_ERROR, (46112.5, 0)], ["1", 3, XLSB_ERROR, True, 0.25]],
        hidden={2},
    )
    loaded = load(data, name="a.csv")
    assert (loaded.file.kind, loaded.file.sheet) == ("xlsb", "Calls")
    assert loaded.rows == [
        ("1", "2", "Acme", "#N/A", "2026-03-31T12:00:00"),
        ("1", "3", "#N/A", "TRUE", "0.25"),
    ]
    assert {row: fault.rule for row, fault in loaded.faults.items()} == {
        1: RowRule.CELL_ERROR,
        2: RowRule.CELL_ERROR,
    }
    assert len(load(data, skip_hidden=True).rows) == 1


XLSX = sorted(name for name in WRITERS if "xlsx" in name or name == "openpyxl")


@given(rows, st.sampled_from(XLSX), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_fast_way_and_the_parser_read_alike(sheet, name, plain):
    """Row by row, in each spelling; sheets of plain texts and numbers go the fast way alone."""
    if plain:
        sheet = [[cell for cell in row if isinstance(cell, str | int)] for row in sheet]
    data = WRITERS[name](sheet)
    found = []
    for fast in (True, False):
        book = Xlsx(Package(io.BytesIO(data)))
        book.fast = fast
        found.append(list(book.rows(book.sheets[0].name)))
    assert found[0] == found[1]


def test_plain_sheets_go_the_fast_way_alone():
    """As xlsxwriter and openpyxl write texts and numbers: strings and rows, none left over."""
    sheet = [["919876543210", 919811122233, "Acme Bank", "x", 0.5]] * 3
    for name in ("xlsxwriter", "openpyxl"):
        package = Package(io.BytesIO(WRITERS[name](sheet)))
        shared = "xl/sharedStrings.xml"
        strings = plain_strings(package, shared)
        assert strings is not None or shared not in package
        plain = PlainRows(strings or [], [Shows.NUMBER] * 9)
        assert len(plain.read(package, "xl/worksheets/sheet1.xml")) == 4
        assert plain.complete
