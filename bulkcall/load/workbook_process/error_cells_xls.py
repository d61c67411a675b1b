"""Cells of an XLS sheet that show an error, which calamine gives as if they were empty.

An XLS file is a small file system (OLE2) that holds one stream of records (BIFF). Of all that, this
reads what it takes to find the error cells of one sheet; what is not as it should be ends the look,
since calamine has judged the workbook by then.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENDS: Final = 0xFFFFFFFA
"""Sector numbers from here on end a chain, or stand for none."""
_SECTORS: Final = {9, 12}
"""Powers of two: 512 bytes, 4096."""
_SMALL: Final = 4096
"""Bytes from which a stream has sectors of its own."""
_BOF, _EOF, _SHEET, _FORMULA, _ERROR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205
_BIFF8: Final = 0x0600
_WIDE: Final = 1
_IS_ERROR: Final = 2
_SHOWN: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def errors(file: bytes, sheet: str) -> dict[int, dict[int, str]]:
    """Give row → column → the error that the cell shows; both count from 0."""
    found: dict[int, dict[int, str]] = {}
    try:
        book = _workbook(file)
        for kind, data in _records_of(book, sheet):
            if kind == _ERROR:
                row, column, _, code, is_error = struct.unpack_from("<HHHBB", data)
            else:
                row, column, _, tag, code, number = struct.unpack_from("<HHHBxB3xH", data)
                is_error = number == 0xFFFF and tag == _IS_ERROR  # noqa: PLR2004 - no number
            if is_error:
                found.setdefault(row, {})[column] = _SHOWN.get(code, "#N/A")
    except (struct.error, IndexError, ValueError):
        return found
    return found


def _records_of(book: bytes, sheet: str) -> Iterator[tuple[int, bytes]]:
    """Give the formulas, truth values and errors of one sheet."""
    version = 0
    start = None
    for kind, data in _records(book, 0):
        if kind == _BOF and not version:
            (version,) = struct.unpack_from("<H", data)
        elif kind == _SHEET and _name_of(data, version) == sheet:
            (start,) = struct.unpack_from("<I", data)
        elif kind == _EOF:
            break
    if start is None:
        return
    depth = 0  # a chart within the sheet begins and ends like one
    for kind, data in _records(book, start):
        depth += (kind == _BOF) - (kind == _EOF)
        if not depth:
            return
        if depth == 1 and kind in {_FORMULA, _ERROR}:
            yield kind, data


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _name_of(data: bytes, version: int) -> str:
    length = data[6]
    if version < _BIFF8:
        return data[7 : 7 + length].decode("cp1252", "replace")
    if data[7] & _WIDE:
        return data[8 : 8 + 2 * length].decode("utf-16-le", "replace")
    return data[8 : 8 + length].decode("latin-1")


def _workbook(file: bytes) -> bytes:
    """Take the stream of records out of the file system."""
    shift, small_shift = struct.unpack_from("<HH", file, 30)
    if shift not in _SECTORS:
        raise ValueError("sectors of a size that none have")
    (directory,) = struct.unpack_from("<I", file, 48)
    small_table, _, more, _ = struct.unpack_from("<4I", file, 60)
    size = 1 << shift

    def sector(number: int) -> bytes:
        return file[(number + 1) * size : (number + 2) * size]

    places = list(struct.unpack_from("<109I", file, 76))
    per = size // 4
    most = len(file) // size
    while more < _ENDS and len(places) <= most:
        *further, more = struct.unpack(f"<{per}I", sector(more))
        places += further
    table: list[int] = []
    for place in places[:most]:
        if place < _ENDS:
            table += struct.unpack(f"<{per}I", sector(place))

    def stream(start: int) -> bytes:
        return b"".join(sector(number) for number in _chain(table, start))

    entries = stream(directory)
    root = struct.unpack_from("<I", entries, 116)[0]
    for at in range(0, len(entries), 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(0, length - 2)].decode("utf-16-le", "replace").lower()
        if name not in {"workbook", "book"}:
            continue
        start, whole = struct.unpack_from("<II", entries, at + 116)
        if whole >= _SMALL:
            return stream(start)[:whole]
        small, held = 1 << small_shift, stream(root)
        raw = stream(small_table)
        links = list(struct.unpack(f"<{len(raw) // 4}I", raw))
        parts = (held[number * small : (number + 1) * small] for number in _chain(links, start))
        return b"".join(parts)[:whole]
    raise ValueError("no workbook in the file")


def _chain(table: list[int], start: int) -> Iterator[int]:
    for _ in range(len(table)):  # a ring ends as well
        if start >= _ENDS:
            return
        yield start
        start = table[start]
