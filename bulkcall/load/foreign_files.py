"""What a file is that is not a campaign file, by its first bytes, and what to do about it."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePath
from typing import Final

READABLE: Final = "a campaign file is CSV, XLSX, XLSB, XLS, ODS or Parquet"
SAVE_AGAIN: Final = "open it in a spreadsheet program and save it as XLSX"

_MAGIC: Final = {
    b"%PDF": ("a PDF document", READABLE),
    b"\x89PNG": ("a picture", READABLE),
    b"\xff\xd8\xff": ("a picture", READABLE),
    b"GIF8": ("a picture", READABLE),
    b"BZh": ("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": ("an xz archive", "unpack it first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it first"),
    b"Rar!": ("a RAR archive", "unpack it first"),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", "unpack it first"),
    b"\x7fELF": ("a program", READABLE),
    b"MZ\x90": ("a program", READABLE),
    b"SQLite format 3": ("a SQLite database", "export the table as CSV"),
    b"ARROW1": ("an Arrow file", "write it as Parquet or CSV"),
    b"Obj\x01": ("an Avro file", "write it as Parquet or CSV"),
    b"ORC": ("an ORC file", "write it as Parquet or CSV"),
    b"{\\rtf": ("an RTF document", "save its table as CSV"),
    b"\x00\x01\x00\x00Standard": ("an Access database", "export the table as CSV"),
    b"PAR1": ("a Parquet file inside an archive", "unpack it first"),
}
_TAGS: Final = (
    "a|article|aside|b|base|blockquote|body|br|center|col|colgroup|dd|div|dl|dt|em|fieldset|font|"
    "footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|li|link|main|meta|"
    "nav|noscript|object|ol|p|pre|script|section|span|strong|style|sub|sup|table|tbody|td|"
    "template|tfoot|th|thead|title|tr|u|ul|object"
)
_HTML: Final = re.compile(rf"<(?:!doctype\s+html|(?:{_TAGS})(?:[\s/>]|$))", re.IGNORECASE)
_XML: Final = re.compile(
    r"<(?:\?xml|!doctype|[a-z_][\w.-]*:[\w.-]+[\s/>]|Workbook[\s>])", re.IGNORECASE
)
_MAIL: Final = re.compile(
    r"(?:[a-z][a-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){0,40}?"
    r"(?:mime-version:|content-type:\s*(?:multipart/|text/html))",
    re.IGNORECASE,
)
_JSON: Final = re.compile(r"[\[{]\s*(?:[\[{]|\"|\}|\])")
_TEXTS: Final = {
    _HTML: "a web page saved under a spreadsheet's name",
    re.compile(r"<\?xml.{0,600}<html[\s>]", re.IGNORECASE | re.DOTALL): (
        "a web page saved under a spreadsheet's name"
    ),
    _XML: "an XML document under a spreadsheet's name",
    _MAIL: "a web archive (MHT) saved under a spreadsheet's name",
}
_BEFORE: Final = "\ufeff\0 \t\r\n\v\f\u00a0"
_MOST_COMMENTS: Final = 50
_LOCK_SIZES: Final = (162, 165)
_LONGEST_NAME: Final = 54


def what_it_is(head: bytes) -> tuple[str, str] | None:
    """Return what a file with these first bytes is, and what to do; None: maybe a campaign file."""
    for magic, said in _MAGIC.items():
        if head.startswith(magic):
            return said
    text = _without_comments(_as_text(head))
    if _XML.match(text) and "urn:schemas-microsoft-com:office:spreadsheet" in text:
        return "an XML spreadsheet of Excel 2003", SAVE_AGAIN
    for pattern, what in _TEXTS.items():
        if pattern.match(text):
            return what, SAVE_AGAIN
    return ("a JSON document", "write its records as CSV") if _JSON.match(text) else None


def _without_comments(text: str) -> str:
    """Return a text from its first tag that is not a comment; what never ends stays."""
    rest = text.lstrip(_BEFORE)
    for _ in range(_MOST_COMMENTS):
        if not rest.startswith("<!--"):
            break
        _, ended, behind = rest.partition("-->")
        if not ended:
            return "<html>"  # only a web page begins with so long a comment
        rest = behind.lstrip(_BEFORE)
    return rest


def lock_file(path: str, head: bytes, size: int) -> str:
    """Return what to do where a file is a spreadsheet program's lock file; empty: it is not."""
    name = PurePath(path).name
    owner = head[0] if head else 0
    by_content = (
        size in _LOCK_SIZES
        and 0 < owner <= _LONGEST_NAME
        and head[1 : owner + 1].strip(b"\0") != b""
        and set(head[owner + 1 : _LONGEST_NAME]) <= {0, 0x20}
    )
    for prefix in ("~$", ".~lock."):
        if name.startswith(prefix):
            own = name.removeprefix(prefix).removesuffix("#")
            return (
                "the lock file that a spreadsheet program keeps while a workbook is open, not the "
                f"workbook: close it there, and give {own!r}"
            )
    if by_content:
        return (
            "the lock file that a spreadsheet program keeps while a workbook is open, not the "
            "workbook: give the file of that name without '~$'"
        )
    return ""


def office_document(names: list[str]) -> tuple[str, str] | None:
    """Return what a zip with these members is that is neither a workbook nor a CSV in a zip."""
    lower = [name.lower() for name in names]
    if any(name.startswith("word/") for name in lower):
        return "a Word document, not a workbook", "save its table as XLSX or CSV"
    if any(name.startswith("ppt/") for name in lower):
        return "a PowerPoint document, not a workbook", READABLE
    if any(name.endswith(".iwa") or name in {"index.zip", "index.apxl"} for name in lower):
        return (
            "an Apple Numbers document",
            "export it there as CSV or Excel (File, Export To), and give that file",
        )
    return None


def _as_text(head: bytes) -> str:
    for bom, codec in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ):
        if head.startswith(bom):
            return head[len(bom) :].decode(codec, "replace")
    if head[:2] == b"<\0":
        return head.decode("utf-16-le", "replace")
    if head[:2] == b"\0<":
        return head.decode("utf-16-be", "replace")
    return head.decode("latin-1")
