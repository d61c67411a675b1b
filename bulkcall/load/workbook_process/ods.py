"""ODS: the rows of one sheet of an OpenDocument spreadsheet."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from bulkcall.load.workbook_process.cell_text import iso_date_text, text_of
from bulkcall.load.workbook_process.package import BLOCK, Package, parse_block, xml_parser
from bulkcall.load.workbook_process.rows import (
    MOST_COLUMNS,
    MOST_ROWS,
    Mark,
    RefusedError,
    SheetName,
    SheetRow,
    Texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PART: Final = "content.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_NAMES: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE: Final = f"{_NAMES}table:1.0 "
_OFFICE: Final = f"{_NAMES}office:1.0 "
_TEXT: Final = f"{_NAMES}text:1.0 "
_STYLE: Final = f"{_NAMES}style:1.0 "
_DRAW: Final = f"{_NAMES}drawing:1.0 "
_CALC: Final = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_CELLS: Final = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_PARAGRAPHS: Final = {f"{_TEXT}p", f"{_TEXT}h"}
_NOT_TEXT: Final = {
    f"{_TEXT}ruby-text",
    f"{_TEXT}note",
    f"{_OFFICE}annotation",
    f"{_OFFICE}annotation-end",
    f"{_TABLE}table",
    f"{_TABLE}detective",
}
"""What may stand inside a cell and is not its text: readings, notes, comments, a table within."""
_BLANKS: Final = re.compile("[ \t\r\n]+")
_NUMBERS: Final = {"float", "percentage", "currency"}
_SPAN: Final = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d+))?S)?)?"
)
_BREAK: Final = "\x02"
_MOST_SPACES: Final = 10_000
_PLAIN_DIGITS: Final = 15


class Ods:
    """An OpenDocument spreadsheet."""

    def __init__(self, package: Package) -> None:
        if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
            raise RefusedError("the workbook is encrypted; save it without a password")
        self._package = package
        self.sheets: list[SheetName] = []
        hidden: set[str] = set()
        style = ""
        depth = 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal style, depth
            if tag == f"{_STYLE}style":
                style = attributes.get(f"{_STYLE}name", "")
            elif tag == f"{_STYLE}table-properties":
                if attributes.get(f"{_TABLE}display") == "false":
                    hidden.add(style)
            elif tag == f"{_TABLE}table":
                depth += 1
                if depth == 1:
                    own = attributes.get(f"{_TABLE}name", "")
                    visible = attributes.get(f"{_TABLE}style-name") not in hidden
                    self.sheets.append(SheetName(own, visible))

        def end(tag: str) -> None:
            nonlocal depth
            depth -= tag == f"{_TABLE}table"

        parser = xml_parser()
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        with package.open(PART) as content:
            while block := content.read(BLOCK):
                parse_block(parser, block, PART)
            parse_block(parser, b"", PART, final=True)

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that hold something, or are hidden."""
        reader = _RowReader(sheet)
        parser = xml_parser()
        parser.StartElementHandler = reader.start
        parser.EndElementHandler = reader.end
        parser.CharacterDataHandler = reader.characters
        with self._package.open(PART) as content:
            while block := content.read(BLOCK):
                parse_block(parser, block, PART)
                yield from reader.take()
            parse_block(parser, b"", PART, final=True)
        yield from reader.take()


class _RowReader:
    """Collects the rows of one sheet while the XML is parsed."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self._tables = 0
        self._inside = False
        self._done = False
        self._rows: list[tuple[SheetRow, int]] = []
        self._at = 0
        self._row: SheetRow | None = None
        self._times = 1
        self._column = 0
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._parts: list[str] | None = None
        self._ignored = 0
        self._texts = Texts()

    def take(self) -> Iterator[SheetRow]:
        """Yield the rows that are finished, each as often as it is repeated, and forget them."""
        rows, self._rows = self._rows, []
        for row, times in rows:
            for number in range(row.number, min(row.number + times, MOST_ROWS)):
                yield SheetRow(number, row.texts, row.marks, row.hidden)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        if self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag == f"{_TABLE}table":
            self._tables += 1
            if self._tables == 1:
                own = attributes.get(f"{_TABLE}name", "")
                self._inside = own == self._sheet and not self._done
        elif not self._inside:
            return
        elif tag == f"{_TABLE}table-row":
            self._times = _count(attributes, "number-rows-repeated")
            hidden = attributes.get(f"{_TABLE}visibility", "visible") != "visible"
            self._row = SheetRow(self._at, [], {}, hidden)
            self._column = 0
        elif tag in _CELLS and self._row is not None:
            self._cell = attributes
            self._paragraphs = []
            self._ignored = 0

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if self._cell is not None:
            if self._ignored:
                self._ignored -= tag in _NOT_TEXT or tag.startswith(_DRAW)
            elif tag in _PARAGRAPHS and self._parts is not None:
                self._paragraphs.append(_collapsed("".join(self._parts)))
                self._parts = None
            elif tag in _CELLS:
                self._end_cell()
        elif tag == f"{_TABLE}table":
            self._tables -= 1
            if not self._tables and self._inside:
                self._inside, self._done = False, True
        elif tag == f"{_TABLE}table-row" and self._row is not None:
            if self._row.texts or self._row.hidden:
                # Hidden rows without an end are the empty rest of a sheet.
                times = self._times if self._row.texts else 1
                self._rows.append((self._row, times))
            self._at += self._times
            self._row = None

    def characters(self, text: str) -> None:
        """Take text."""
        if self._parts is not None and not self._ignored:
            self._parts.append(_BLANKS.sub(" ", text))

    def _start_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _NOT_TEXT or tag.startswith(_DRAW):
            self._ignored += 1
        elif self._ignored:
            return
        elif tag in _PARAGRAPHS:
            self._parts = []
        elif self._parts is not None:
            if tag == f"{_TEXT}line-break":
                self._parts.append(_BREAK + "\n")
            elif tag == f"{_TEXT}tab":
                self._parts.append(_BREAK + "\t")
            elif tag == f"{_TEXT}s":
                count = attributes.get(f"{_TEXT}c", "1")
                spaces = int(count) if count.isdecimal() else 1
                self._parts.append((_BREAK + " ") * min(spaces, _MOST_SPACES))

    def _end_cell(self) -> None:
        attributes, self._cell = self._cell or {}, None
        row = self._row
        times = _count(attributes, "number-columns-repeated")
        first, self._column = self._column, self._column + times
        if row is None:
            return
        mark: tuple[Mark, str] | None = None
        try:
            text = self._text(attributes, "\n".join(self._paragraphs))
        except _MarkedError as marked:
            mark, text = (marked.mark, marked.said), marked.text
        except (ValueError, OverflowError) as error:
            mark, text = (Mark.UNREADABLE, str(error)[:80]), ""
        if not text and mark is None:
            return
        last = min(self._column, MOST_COLUMNS + 1)
        row.texts.extend([""] * (first - len(row.texts)))
        row.texts.extend([text] * (last - first))
        if mark is not None:
            row.marks.update(dict.fromkeys(range(first, last), mark))

    def _text(self, attributes: dict[str, str], shown: str) -> str:  # noqa: PLR0911 - one each kind
        kind = attributes.get(f"{_OFFICE}value-type", "")
        if attributes.get(f"{_CALC}value-type") == "error":
            raise _MarkedError(Mark.ERROR, shown or "#N/A", shown or "#N/A")
        if not kind:
            if attributes.get(f"{_TABLE}formula") and not shown:
                raise _MarkedError(Mark.NOT_COMPUTED, "", "")
            return shown
        if kind in _NUMBERS:
            value = attributes.get(f"{_OFFICE}value", "").strip()
            if len(value) <= _PLAIN_DIGITS and value.isascii() and value.isdigit():
                return str(int(value))
            return self._texts.number(float(value))
        if kind == "date":
            return iso_date_text(attributes.get(f"{_OFFICE}date-value", "").strip())
        if kind == "time":
            return _span(attributes.get(f"{_OFFICE}time-value", "").strip())
        if kind == "boolean":
            return {"true": "TRUE", "false": "FALSE"}[attributes.get(f"{_OFFICE}boolean-value", "")]
        if kind == "string":
            return shown or attributes.get(f"{_OFFICE}string-value", "")
        raise ValueError(f"a cell of an unknown type ({kind[:20]})")


class _MarkedError(Exception):
    """A cell without a text of its own, and what it is marked as."""

    def __init__(self, mark: Mark, said: str, text: str) -> None:
        super().__init__(said)
        self.mark, self.said, self.text = mark, said, text


def _collapsed(text: str) -> str:
    """Return a paragraph's text with runs of blanks as one space, but those written as elements."""
    collapsed = re.sub(" +", " ", text.replace(_BREAK + " ", "\x03"))
    return collapsed.strip(" ").replace("\x03", " ").replace(_BREAK, "")


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(f"{_TABLE}{name}", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < len(str(1 << 32)) else 1


def _span(text: str) -> str:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("a time that is not ISO 8601")
    sign, days, hours, minutes, seconds, fraction = found.groups(default="0")
    span = dt.timedelta(
        days=int(days),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds) + float(f"0.{fraction}"),
    )
    if sign != "-" and span < dt.timedelta(days=1):
        return text_of((dt.datetime(2000, 1, 1) + span).time())  # noqa: DTZ001 - a time of day
    return text_of(-span if sign == "-" else span)


def is_ods(package: Package) -> bool:
    """Return whether a package is an OpenDocument file."""
    return PART in package and "mimetype" in package
