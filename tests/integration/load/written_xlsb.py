"""A small writer of XLSB, by [MS-XLSB]: enough to hold the reader against other formats."""

from __future__ import annotations

import io
import struct
import zipfile

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ERROR = object()
"""A cell that shows #N/A."""


def record(kind: int, data: bytes = b"") -> bytes:
    """Return a record: its number and size are written seven bits a byte."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    length = bytearray()
    while True:
        length.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return head + bytes(length) + data


def wide(text: str) -> bytes:
    """Return a text behind its length in UTF-16 units."""
    data = text.encode("utf-16-le")
    return struct.pack("<I", len(data) // 2) + data


def xlsb(
    rows, *, hidden=frozenset(), formats=("yyyy-mm-dd hh:mm",), sheet="Calls", state=0
) -> bytes:
    """Write rows of texts, numbers, booleans, ERROR, None and (days, index of a format)."""
    shared: list[str] = []
    body = record(129) + record(145)
    for at, row in enumerate(rows):
        flags = 0x1000 if at in hidden else 0
        body += record(0, struct.pack("<IIHHBI", at, 0, 300, flags, 0, 0))
        for column, value in enumerate(row):
            if value is not None:
                body += _cell(column, value, shared)
    body += record(146) + record(130)
    strings = record(159, struct.pack("<II", len(shared), len(shared)))
    strings += b"".join(record(19, b"\0" + wide(text)) for text in shared) + record(160)
    styles = record(278) + record(615, struct.pack("<I", len(formats)))
    for at, code in enumerate(formats):
        styles += record(44, struct.pack("<H", 164 + at) + wide(code))
    styles += record(616) + record(617, struct.pack("<I", len(formats) + 1))
    styles += record(47, struct.pack("<HH", 0, 0) + bytes(12))
    for at in range(len(formats)):
        styles += record(47, struct.pack("<HH", 0, 164 + at) + bytes(12))
    styles += record(618) + record(279)
    book = record(131) + record(153, struct.pack("<II", 0, 0) + wide("")) + record(143)
    book += record(156, struct.pack("<II", state, 1) + wide("rId1") + wide(sheet))
    book += record(144) + record(132)
    relations = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(
            (
                ("worksheet", "worksheets/sheet1.bin"),
                ("sharedStrings", "sharedStrings.bin"),
                ("styles", "styles.bin"),
            ),
            1,
        )
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", book)
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.bin", body)
        archive.writestr("xl/sharedStrings.bin", strings)
        archive.writestr("xl/styles.bin", styles)
    return out.getvalue()


def _cell(column: int, value, shared: list[str]) -> bytes:  # noqa: PLR0911 - one each kind
    head = struct.pack("<II", column, 0)
    if value is ERROR:
        return record(3, head + b"\x2a")
    if isinstance(value, bool):
        return record(4, head + bytes([value]))
    if isinstance(value, tuple):
        days, style = value
        return record(5, struct.pack("<IId", column, style + 1, days))
    if isinstance(value, int) and abs(value) < 1 << 28:
        return record(2, head + struct.pack("<i", value << 2 | 2))
    if isinstance(value, int | float):
        return record(5, head + struct.pack("<d", value))
    if len(value) % 2:
        return record(6, head + wide(value))
    if value not in shared:
        shared.append(value)
    return record(7, head + struct.pack("<I", shared.index(value)))
