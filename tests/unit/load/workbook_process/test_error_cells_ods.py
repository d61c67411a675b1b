"""Errors and formulas never computed in ODS sheets."""

from __future__ import annotations

import io
import zipfile

import pytest

from bulkcall.load.workbook_process import error_cells_ods

NAMES = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
CALC = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
FORMULA = 'table:formula="of:=1/0"'
ERROR = f'{FORMULA} office:value-type="string" calcext:value-type="error"'


def cell(attributes="", text=""):
    """Write a cell."""
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def archive(*sheets):
    """Make a workbook of (name, rows of XML)."""
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(rows)}</table:table>' for name, rows in sheets
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            error_cells_ods.PART,
            f'<?xml version="1.0"?><office:document-content{NAMES}{CALC}><office:body>'
            f"<office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return zipfile.ZipFile(out)


def row(*cells, times=1):
    """Write a row, repeated so often."""
    return (
        f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'
    )


def test_errors_and_formulas_never_computed_are_found():
    """Where repeated cells and rows put them; computed formulas, also to nothing, are not."""
    computed = cell(f'{FORMULA} office:value-type="float" office:value="2"', "2")
    nothing = cell(f'{FORMULA} office:value-type="string"')
    rows = [
        row(cell(text="x"), times=3),
        row(cell('table:number-columns-repeated="4"'), cell(ERROR, "#DIV/0!"), computed),
        row(computed, nothing, cell(FORMULA), times=2),
        row(cell(f'{ERROR} table:number-columns-repeated="2"', "#N/A")),
    ]
    other = [row(cell(ERROR, "#REF!"))]
    book = archive(("Old", other), ("Calls", rows), ("More", other))
    assert error_cells_ods.unshown(book, "Calls") == {
        3: {4: "#DIV/0!"},
        4: {2: ""},
        5: {2: ""},
        6: {0: "#N/A", 1: "#N/A"},
    }


def test_rows_in_groups_and_headers_are_rows():
    """Wherever a row stands in the sheet it counts."""
    rows = [
        f"<table:table-header-rows>{row(cell(text='caller'))}</table:table-header-rows>",
        f"<table:table-row-group>{row(cell(ERROR, '#N/A'))}</table:table-row-group>",
    ]
    assert error_cells_ods.unshown(archive(("A", rows)), "A") == {1: {0: "#N/A"}}


@pytest.mark.parametrize("text", ["", "=1/0", "#N/A"])
def test_a_sheet_without_formulas_is_not_taken_apart(text, monkeypatch):
    """Text that looks like one is none."""
    monkeypatch.setattr(error_cells_ods, "_rows", lambda *_: 1 / 0)
    assert error_cells_ods.unshown(archive(("A", [row(cell(text=text))])), "A") == {}


@pytest.mark.parametrize("size", [1, 2, 5, 64])
def test_a_formula_is_seen_wherever_blocks_end(size, monkeypatch):
    """The word that tells of it may lie in two blocks."""
    monkeypatch.setattr(error_cells_ods, "_BLOCK", size)
    book = archive(("A", [row(cell(ERROR, "#N/A"))]))
    assert error_cells_ods.unshown(book, "A") == {0: {0: "#N/A"}}


def test_cells_repeated_beyond_any_sheet_are_bounded():
    """A made-up file can't make it count to ten thousand million."""
    many = cell(f'{FORMULA} table:number-columns-repeated="9999999999"')
    found = error_cells_ods.unshown(
        archive(("A", [row(many), row(cell(FORMULA), times=10**12)])), "A"
    )
    assert len(found) == 1_048_576
    assert len(found[0]) == 16_384
