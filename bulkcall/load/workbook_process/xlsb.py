"""XLSB: the rows of one sheet of a binary workbook ([MS-XLSB]: records of BIFF12 in a package)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT
from bulkcall.load.workbook_process.number_formats import Shows, built_in, shows
from bulkcall.load.workbook_process.rows import (
    MOST_COLUMNS,
    Mark,
    RefusedError,
    SheetName,
    SheetRow,
    Texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from bulkcall.load.workbook_process.package import Package

_ROW, _BLANK, _RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED = range(8)
_F_TEXT, _F_REAL, _F_BOOL, _F_ERROR = range(8, 12)
_SHARED_ITEM, _FORMAT, _XF, _SHEET, _WORKBOOK = 19, 44, 47, 156, 153
_BEGIN_SHEET_DATA, _BEGIN_CELL_XFS, _END_CELL_XFS = 145, 617, 618
_CELLS: Final = range(_BLANK, _F_ERROR + 1)
_HIDDEN_ROW: Final = 1 << 12
_LARGEST_RECORD: Final = 1 << 26
ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""The codes of a spreadsheet's errors, in XLSB and XLS."""


class Xlsb:
    """A binary workbook."""

    def __init__(self, package: Package) -> None:
        self._package = package
        part = "xl/workbook.bin"
        for kind, path in package.relations("").values():
            if kind == "officeDocument":
                part = path
        self._relations = package.relations(part)
        self.sheets: list[SheetName] = []
        self._parts: dict[str, str] = {}
        self._date1904 = False
        with package.open(part) as stream:
            for record, data in _records(stream):
                if record == _SHEET:
                    self._take_sheet(data)
                elif record == _WORKBOOK:
                    self._date1904 = bool(_number("<I", data) & 1)

    def _take_sheet(self, data: bytes) -> None:
        state = _number("<I", data)
        relation, at = _wide_text(data, 8)
        name, _ = _wide_text(data, at)
        kind, path = self._relations.get(relation, ("", ""))
        if kind == "worksheet":
            self.sheets.append(SheetName(name, state == 0))
            self._parts[name] = path

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that hold something, or are hidden."""
        parts = dict(self._relations.values())
        strings = self._strings(parts.get("sharedStrings", ""))
        formats = self._formats(parts.get("styles", ""))
        texts = Texts(date1904=self._date1904)
        row: SheetRow | None = None
        with self._package.open(self._parts[sheet]) as stream:
            for kind, data in _records(stream):
                if kind == _ROW:
                    if row is not None and (row.texts or row.hidden):
                        yield row
                    number = _number("<I", data)
                    if row is not None and number <= row.number:
                        raise RefusedError("the workbook is damaged (rows out of order)")
                    hidden = len(data) >= 12 and bool(_number("<H", data, 10) & _HIDDEN_ROW)  # noqa: PLR2004
                    row = SheetRow(number, [], {}, hidden)
                elif kind in _CELLS and row is not None:
                    _take_cell(row, kind, data, strings=strings, formats=formats, texts=texts)
        if row is not None and (row.texts or row.hidden):
            yield row

    def _strings(self, part: str) -> list[str]:
        if not part or part not in self._package:
            return []
        with self._package.open(part) as stream:
            items = (data for kind, data in _records(stream) if kind == _SHARED_ITEM)
            return [_wide_text(data, 1)[0].rstrip(DAY + MOMENT) for data in items]

    def _formats(self, part: str) -> list[Shows]:
        styles: list[Shows] = []
        if not part or part not in self._package:
            return styles
        own: dict[int, Shows] = {}
        inside = False
        with self._package.open(part) as stream:
            for kind, data in _records(stream):
                if kind == _FORMAT:
                    own[_number("<H", data)] = shows(_wide_text(data, 2)[0])
                elif kind == _BEGIN_CELL_XFS:
                    inside = True
                elif kind == _END_CELL_XFS:
                    inside = False
                elif kind == _XF and inside:
                    number = _number("<H", data, 2)
                    styles.append(own.get(number, built_in(number)))
        return styles


def _take_cell(
    row: SheetRow,
    kind: int,
    data: bytes,
    *,
    strings: list[str],
    formats: list[Shows],
    texts: Texts,
) -> None:
    column, style = _number("<I", data), _number("<I", data, 4) & 0xFFFFFF
    if column >= MOST_COLUMNS or column < len(row.texts):
        raise RefusedError("the workbook is damaged (cells out of order)")
    text = ""
    try:
        if kind in {_ERROR, _F_ERROR}:
            text = ERRORS.get(_number("<B", data, 8), "#N/A")
            row.marks[column] = Mark.ERROR, text
        elif kind in {_RK, _REAL, _F_REAL}:
            value = _rk(data) if kind == _RK else float(_real(data))
            which = formats[style] if style < len(formats) else Shows.NUMBER
            text = (texts.number, texts.serial, texts.duration)[which](value)
        elif kind in {_BOOL, _F_BOOL}:
            text = "TRUE" if _number("<B", data, 8) else "FALSE"
        elif kind in {_TEXT, _F_TEXT}:
            text = _wide_text(data, 8)[0].rstrip(DAY + MOMENT)
        elif kind == _SHARED:
            text = strings[_number("<I", data, 8)]
    except (ValueError, IndexError, OverflowError) as error:
        row.marks[column] = Mark.UNREADABLE, str(error)[:80]
    if text or column in row.marks:
        row.texts.extend([""] * (column - len(row.texts)))
        row.texts.append(text)


def _records(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each record's number and data; both lengths are written seven bits a byte."""
    read = stream.read
    while first := read(1):
        kind = first[0]
        if kind & 0x80:
            kind = (kind & 0x7F) | (_byte(read(1)) & 0x7F) << 7
        size = shift = 0
        while True:
            byte = _byte(read(1))
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:  # noqa: PLR2004 - at most four bytes
                break
        if size > _LARGEST_RECORD:
            raise RefusedError("the workbook is damaged (a record without an end)")
        data = read(size)
        if len(data) != size:
            raise RefusedError("the workbook is damaged (it ends within a record)")
        yield kind, data


def _byte(data: bytes) -> int:
    if not data:
        raise RefusedError("the workbook is damaged (it ends within a record)")
    return data[0]


def _number(form: str, data: bytes, at: int = 0) -> int:
    try:
        (value,) = struct.unpack_from(form, data, at)
    except struct.error as error:
        raise RefusedError("the workbook is damaged (a record is too short)") from error
    return int(value)


def _real(data: bytes) -> float:
    try:
        (value,) = struct.unpack_from("<d", data, 8)
    except struct.error as error:
        raise RefusedError("the workbook is damaged (a record is too short)") from error
    return float(value)


def _rk(data: bytes) -> float:
    """Return a number in four bytes: a whole one or the head of a float, perhaps in hundredths."""
    raw = _number("<I", data, 8)
    if raw & 2:
        value = float(_number("<i", data, 8) >> 2)
    else:
        (value,) = struct.unpack("<d", b"\0\0\0\0" + struct.pack("<I", raw & 0xFFFFFFFC))
    return float(value / 100 if raw & 1 else value)


def _wide_text(data: bytes, at: int) -> tuple[str, int]:
    """Return a text in UTF-16 behind its length, and where it ends; none is an empty one."""
    length = _number("<I", data, at)
    if length == 0xFFFFFFFF:  # noqa: PLR2004 - no text
        return "", at + 4
    end = at + 4 + 2 * length
    if end > len(data):
        raise RefusedError("the workbook is damaged (a text without an end)")
    return data[at + 4 : end].decode("utf-16-le", "replace"), end
