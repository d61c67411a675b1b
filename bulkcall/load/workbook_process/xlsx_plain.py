"""XLSX as most programs write it, read faster than event by event; never a judgement of its own.

A row is taken here only if every byte of it is a cell in the one spelling known here; the first row
that is not hands the rest of the sheet to the XML parser, and so does whatever stands around the
rows. What is read is read alike (`test_the_fast_way_and_the_parser_read_alike`), in half the time.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bulkcall.load.workbook_process.number_formats import Shows
from bulkcall.load.workbook_process.package import parse_block, xml_parser
from bulkcall.load.workbook_process.rows import SheetRow, Texts
from bulkcall.load.workbook_process.xlsx_names import tags, unescaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.load.workbook_process.package import Package

_MOST_BYTES: Final = 1 << 28
"""A larger part is not held in memory for this."""
_START: Final = b"<sheetData>"
_END: Final = b"</sheetData>"
_HEAD: Final = re.compile(
    rb'(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="\w+")?\s*\?>)?'
)
_ROW: Final = re.compile(rb'<row r="([1-9][0-9]{0,6})"((?: [A-Za-z:0-9]+="[^"<&]*")*)>')
_TEXT: Final = rb"[^<&\x00-\x1f]*"
_CELL: Final = re.compile(
    rb'(<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,5})")?'
    rb'(?:/>|(?: t="(s|n|inlineStr)")?>(?:<v>(-?[0-9]{1,15}(?:\.[0-9]{1,17})?)</v>|<is><t>('
    + _TEXT
    + rb")</t></is>)</c>))"
)
_STRING: Final = re.compile(rb'(<si><t(?: xml:space="preserve")?>(' + _TEXT + rb")</t></si>)")
_STRINGS: Final = re.compile(
    rb'[\r\n]*<sst xmlns="http://schemas\.openxmlformats\.org/spreadsheetml/2006/main"'
    rb'(?: (?:count|uniqueCount)="[0-9]*")*>'
)


def plain_strings(package: Package, part: str) -> list[str] | None:
    """Return the shared strings; None where they are spelled otherwise."""
    data = _small(package, part)
    if data is None:
        return None
    head = _HEAD.match(data)
    begin = _STRINGS.match(data, head.end()) if head else None
    if begin is None or not data.rstrip().endswith(b"</sst>"):
        return None
    body = data[begin.end() : data.rindex(b"</sst>")]
    found = _STRING.findall(body)
    if sum(len(each) for each, _ in found) != len(body):
        return None
    try:
        # In one piece: a text holds no line break of its own here.
        texts = b"\n".join(text for _, text in found).decode().split("\n") if found else []
    except UnicodeDecodeError:
        return None
    return [unescaped(text) for text in texts] if "_x" in body.decode() else texts


class PlainRows:
    """The rows at the start of a sheet that are spelled plainly; `complete` if those are all."""

    def __init__(self, strings: Sequence[str], formats: Sequence[Shows]) -> None:
        self.complete = False
        self._strings = strings
        self._plain_style = [which is Shows.NUMBER for which in formats]
        self._columns: dict[bytes, int] = {}
        self._texts = Texts()

    def read(self, package: Package, part: str) -> list[SheetRow]:
        """Return the rows up to the first one that is spelled otherwise."""
        data = _small(package, part)
        begin = data.find(_START) if data is not None else -1
        end = data.rfind(_END) if data is not None else -1
        if data is None or begin < 0 or end < begin or not self._is_frame(data, begin, end, part):
            return []
        rows: list[SheetRow] = []
        at, before = begin + len(_START), -1
        while at < end:
            head = _ROW.match(data, at, end)
            close = data.find(b"</row>", at, end)
            if head is None or close < head.end():
                return rows
            row = self._row(head, data[head.end() : close])
            if row is None or row.number <= before:
                return rows
            before = row.number
            if row.texts or row.hidden:
                rows.append(row)
            at = close + len(b"</row>")
        self.complete = True
        return rows

    def _is_frame(self, data: bytes, begin: int, end: int, part: str) -> bool:
        """Return whether the XML around the rows is a worksheet in UTF-8 without prefixes."""
        head = _HEAD.match(data)
        if head is None or b"<!" in data[:begin] or data.count(_START, 0, end) != 1:
            return False
        names = tags("worksheet", "sheetData")
        seen: list[str] = []
        parser = xml_parser()

        def start(tag: str, _: dict[str, str]) -> None:
            if tag in names:
                seen.append(names[tag])

        parser.StartElementHandler = start
        parse_block(parser, data[: begin + len(_START)] + data[end:], part, final=True)
        return seen == ["worksheet", "sheetData"]

    def _row(self, head: re.Match[bytes], body: bytes) -> SheetRow | None:
        number, attributes = head.groups()
        if b"xmlns" in attributes or b"hidden" in attributes:
            return None
        found = _CELL.findall(body)
        if sum([len(cell[0]) for cell in found]) != len(body):
            return None
        try:
            if [cell[2] for cell in found] != [number] * len(found):
                return None
            columns = [self._column(cell[1]) for cell in found]
            texts = [self._text(cell) for cell in found]
        except (ValueError, IndexError):
            return None
        if columns != list(range(len(columns))):
            if any(left >= right for left, right in pairwise(columns)):
                return None
            spread = [""] * (columns[-1] + 1)
            for column, text in zip(columns, texts, strict=True):
                spread[column] = text
            texts = spread
        while texts and not texts[-1]:
            texts.pop()
        return SheetRow(int(number) - 1, texts)

    def _text(self, cell: tuple[bytes, ...]) -> str:
        """Return a cell's text. Raises ValueError or IndexError where the parser has to look."""
        _, _, _, style, kind, value, inline = cell
        if kind == b"s":
            return self._strings[int(value)]
        if kind == b"inlineStr":
            if value:
                raise ValueError("a text with a number")
            return unescaped(inline.decode())
        if inline:
            raise ValueError("a number with a text")
        if not value:
            return ""  # a cell that has a style only
        if style and not self._plain_style[int(style)]:
            raise ValueError("a date or a duration")
        if value.isdigit():
            return value.decode() if value[0] != _ZERO else str(int(value))
        return self._texts.number(float(value))

    def _column(self, letters: bytes) -> int:
        column = self._columns.get(letters)
        if column is None:
            number = 0
            for letter in letters:
                number = number * 26 + letter - 64
            column = self._columns[letters] = number - 1
        return column


_ZERO: Final = ord("0")


def _small(package: Package, part: str) -> bytes | None:
    if not part or part not in package or package.size(part) > _MOST_BYTES:
        return None
    return package.read(part)
