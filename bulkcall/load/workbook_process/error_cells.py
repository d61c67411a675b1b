"""Cells whose value calamine does not tell: errors, and formulas never computed.

A formula's shown value stands beside it in the file. A program that writes formulas without ever
showing them leaves it out; what such a cell would show can't be known without computing it.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO
from xml.etree import ElementTree as ET

from bulkcall.load.workbook_process import error_cells_ods, error_cells_xls

_CELL = re.compile(
    rb"<c\b([^>]*)>\s*(?:<f\b[^>]*?(?:/>|>([^<]*)</f>)\s*)?(?:<v\s*/>|<v>([^<]*)</v>)?\s*</c>"
)
_REF = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb'\bt="e"')
_TEXT = re.compile(rb'\bt="str"')
_NAMES = 10 << 20
"""Bytes that the list of sheets may have."""


def unshown(stream: IO[bytes], sheet: str) -> dict[int, dict[int, str]]:
    """Give row → column → what a cell shows or is: `#N/A`, or empty for a formula never computed.

    Rows and columns count from 0. An XLS file does not tell which formulas were never computed.
    """
    stream.seek(0)
    if stream.read(len(error_cells_xls.MAGIC)) == error_cells_xls.MAGIC:
        stream.seek(0)
        return error_cells_xls.errors(stream.read(), sheet)
    stream.seek(0)
    if not zipfile.is_zipfile(stream):
        return {}
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        if error_cells_ods.PART in archive.namelist():
            return error_cells_ods.unshown(archive, sheet)
        part = _part_of(archive, sheet)
        if part is None:
            return {}
        xml = archive.read(part)
    return _in_xlsx(xml)


def _in_xlsx(xml: bytes) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    if b't="e"' not in xml and b"<f" not in xml:
        return found
    for attributes, formula, value in _CELL.findall(xml):
        error = _ERROR.search(attributes) is not None
        # A formula that was computed to nothing is a text; one that never was has no type.
        blank = formula and not value and not _TEXT.search(attributes)
        if (error or blank) and (at := _REF.search(attributes)):
            text = value.decode(errors="replace") if error else ""
            found.setdefault(int(at[2]) - 1, {})[_column(at[1])] = text
    return found


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    names = set(archive.namelist())
    listing, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {listing, relations} <= names:
        return None
    targets = {e.get("Id"): e.get("Target", "") for e in _parsed(archive, relations)}
    for element in _parsed(archive, listing).iter():
        if element.tag.rpartition("}")[2] == "sheet" and element.get("name") == sheet:
            ids = [v for k, v in element.items() if k.endswith("}id")]
            target = targets.get(ids[0], "") if ids else ""
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part in names else None
    return None


def _parsed(archive: zipfile.ZipFile, name: str) -> ET.Element:
    if archive.getinfo(name).file_size > _NAMES:
        raise ValueError(f"{name} is too large")
    # Expat itself stops entities that swell, and this process is bounded in memory and time.
    return ET.fromstring(archive.read(name))  # noqa: S314


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
