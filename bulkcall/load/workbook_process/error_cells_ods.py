"""Cells of an ODS sheet whose value calamine does not tell: errors, and formulas never computed."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

PART: Final = "content.xml"
_NAMES: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE: Final = f"{{{_NAMES}table:1.0}}"
_OFFICE: Final = f"{{{_NAMES}office:1.0}}"
_TEXT: Final = f"{{{_NAMES}text:1.0}}"
_CALC: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ROW: Final = f"{_TABLE}table-row"
_CELLS: Final = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_FORMULA: Final = b":formula="
_BLOCK: Final = 1 << 20
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
"""More are no spreadsheet; a file may say that a cell is repeated as often as it likes."""


def unshown(archive: zipfile.ZipFile, sheet: str) -> dict[int, dict[int, str]]:
    """Give row → column → what a cell shows or is: `#N/A`, or empty for a formula never computed.

    Rows and columns count from 0.
    """
    found: dict[int, dict[int, str]] = {}
    with archive.open(PART) as content:
        if not _worth_a_look(content):
            return found
    at = 0
    with archive.open(PART) as content:
        for row, times in _rows(content, sheet):
            cells = dict(_cells(row))
            if cells:
                found |= dict.fromkeys(range(at, min(at + times, _MOST_ROWS)), cells)
            at += times
    return found


def _worth_a_look(content: IO[bytes]) -> bool:
    """Tell whether there is a formula at all: taking XML apart takes longer than reading it."""
    tail = b""
    while block := content.read(_BLOCK):
        seen = tail + block
        if _FORMULA in seen:
            return True
        tail = seen[-len(_FORMULA) :]
    return False


def _rows(content: IO[bytes], sheet: str) -> Iterator[tuple[ET.Element, int]]:
    inside = False
    # Expat itself stops entities that swell, and this process is bounded in memory and time.
    for event, element in ET.iterparse(content, ("start", "end")):  # noqa: S314
        if element.tag == f"{_TABLE}table":
            inside = event == "start" and element.get(f"{_TABLE}name") == sheet
        elif event == "end" and element.tag == _ROW:
            if inside:
                yield element, int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            element.clear()


def _cells(row: ET.Element) -> Iterator[tuple[int, str]]:
    at = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        error = cell.get(f"{_CALC}value-type") == "error"
        never = cell.get(f"{_TABLE}formula") and not cell.get(f"{_OFFICE}value-type")
        times = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        if error or never:
            text = (cell.findtext(f"{_TEXT}p") or "") if error else ""
            yield from ((place, text) for place in range(at, min(at + times, _MOST_COLUMNS)))
        at += times
