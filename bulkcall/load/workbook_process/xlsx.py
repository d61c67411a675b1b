"""XLSX and XLSM: the rows of one sheet, however the XML is spelled.

Prefixes, quotes, cell references left out, shared and inline strings, CDATA, comments, encodings
and the place of parts are the XML parser's and the package's affair; here only names count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bulkcall.load.workbook_process.number_formats import Shows, built_in, shows
from bulkcall.load.workbook_process.package import (
    BLOCK,
    Package,
    local,
    parse_block,
    parse_xml,
    xml_parser,
)
from bulkcall.load.workbook_process.rows import RefusedError, SheetName, SheetRow, Texts
from bulkcall.load.workbook_process.xlsx_cells import CellReader
from bulkcall.load.workbook_process.xlsx_names import TRUE, tags, unescaped
from bulkcall.load.workbook_process.xlsx_plain import PlainRows, plain_strings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Xlsx:
    """A workbook of Office Open XML."""

    def __init__(self, package: Package) -> None:
        self._package = package
        part = self._workbook_part()
        self._relations = package.relations(part)
        self.sheets: list[SheetName] = []
        self._parts: dict[str, str] = {}
        self._date1904 = False
        self.fast = True
        """Whether rows in the plainest spelling are read without the parser, to the same rows."""
        parse_xml(package, part, start=self._take)

    def _workbook_part(self) -> str:
        for kind, path in self._package.relations("").values():
            if kind == "officeDocument":
                return path
        return "xl/workbook.xml"

    def _take(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if name == "sheet":
            ids = [value for key, value in attributes.items() if local(key) == "id" and " " in key]
            kind, path = self._relations.get(ids[0] if ids else "", ("", ""))
            if kind == "worksheet":
                own = attributes.get("name", "")
                self.sheets.append(SheetName(own, attributes.get("state", "visible") == "visible"))
                self._parts[own] = path
        elif name == "workbookPr":
            self._date1904 = attributes.get("date1904") in TRUE

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that hold something, or are hidden."""
        parts = dict(self._relations.values())
        shared = parts.get("sharedStrings", "")
        strings = plain_strings(self._package, shared) if self.fast else None
        if strings is None:
            strings = _strings(self._package, shared)
        formats = _formats(self._package, parts.get("styles", ""))
        part = self._parts[sheet]
        last = -1
        if self.fast:
            plain = PlainRows(strings, formats)
            for row in plain.read(self._package, part):
                last = row.number
                yield row
            if plain.complete:
                return
        reader = CellReader(strings, formats, Texts(date1904=self._date1904))
        parser = xml_parser()
        reader.attach(parser)
        with self._package.open(part) as content:
            while block := content.read(BLOCK):
                parse_block(parser, block, part)
                yield from (row for row in reader.take() if row.number > last)
            parse_block(parser, b"", part, final=True)
        if not reader.is_worksheet:
            raise RefusedError(
                f"sheet {sheet!r} is not written as a worksheet of Office Open XML; save it again "
                "as XLSX"
            )
        yield from (row for row in reader.take() if row.number > last)


def _strings(package: Package, part: str) -> list[str]:  # noqa: C901 - events of a parser
    """Return the shared strings; how they are to be spoken (phonetic runs) is left out."""
    strings: list[str] = []
    if not part or part not in package:
        return strings
    codes = tags("si", "t", "rPh")
    held: list[str] = []
    parts: list[str] = []
    spoken = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal spoken
        code = codes.get(tag)
        if code == "si":
            held.clear()
        elif code == "t":
            parts.clear()
        elif code == "rPh":
            spoken += 1

    def end(tag: str) -> None:
        nonlocal spoken
        code = codes.get(tag)
        if code == "t":
            if not spoken:
                held.append(parts[0] if len(parts) == 1 else "".join(parts))
        elif code == "si":
            strings.append(unescaped(held[0] if len(held) == 1 else "".join(held)))
        elif code == "rPh":
            spoken -= 1

    def prepare(parser: Any) -> None:
        parser.EndElementHandler = end
        parser.CharacterDataHandler = parts.append

    parse_xml(package, part, start=start, prepare=prepare)
    return strings


def _formats(package: Package, part: str) -> list[Shows]:
    """Return what each cell style makes of a number."""
    styles: list[Shows] = []
    if not part or part not in package:
        return styles
    own: dict[int, Shows] = {}
    inside = False
    codes = tags("numFmt", "cellXfs", "xf")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        code = codes.get(tag)
        if code == "numFmt" and (number := attributes.get("numFmtId", "")).isdecimal():
            own.setdefault(int(number), shows(unescaped(attributes.get("formatCode", ""))))
        elif code == "cellXfs":
            inside = True
        elif code == "xf" and inside:
            number = attributes.get("numFmtId", "0")
            wanted = int(number) if number.isdecimal() else 0
            styles.append(own.get(wanted, built_in(wanted)))

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and codes.get(tag) != "cellXfs"

    def prepare(parser: Any) -> None:
        parser.EndElementHandler = end

    parse_xml(package, part, start=start, prepare=prepare)
    return styles
