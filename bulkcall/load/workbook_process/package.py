"""The zip that an XLSX, XLSB or ODS file is: its parts, found and read with care."""

from __future__ import annotations

import posixpath
import zipfile
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from xml.parsers import expat

from bulkcall.load.workbook_process.rows import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_PASSWORD: Final = 1
BLOCK: Final = 1 << 18


class Package:
    """The parts of a workbook. Names are compared without case, as spreadsheet programs do."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream)
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.filename.replace("\\", "/").lstrip("/").lower()
            if name in self._parts and not info.is_dir():
                raise RefusedError(f"the workbook holds {name!r} twice; save it again as XLSX")
            self._parts[name] = info

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def open(self, name: str) -> IO[bytes]:
        """Open a part. Raises RefusedError where it is not there, or packed in an odd way."""
        info = self._parts.get(name.lower())
        if info is None:
            raise RefusedError(f"the workbook is damaged (no part {name!r}); save it again as XLSX")
        if info.flag_bits & _PASSWORD:
            raise RefusedError("the workbook is encrypted; save it without a password")
        if info.compress_type not in _METHODS:
            raise RefusedError(
                f"part {name!r} is packed in a way that no spreadsheet program uses (method "
                f"{info.compress_type}); save the workbook again as XLSX"
            )
        return self._zip.open(info)

    def read(self, name: str) -> bytes:
        """Return a part's bytes; zipfile gives no more than the directory declared."""
        with self.open(name) as part:
            return part.read()

    def size(self, name: str) -> int:
        """Return how many bytes a part is declared to have."""
        return self._parts[name.lower()].file_size

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return relation id → the last word of its type, and the part that it leads to."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}
        if source not in self:
            return found

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
                target = unquote(attributes.get("Target", "").replace("\\", "/"))
                path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = kind, path

        parse_xml(self, source, start=start)
        return found


def local(tag: str) -> str:
    """Return a tag's name without its namespace."""
    return tag.rpartition(" ")[2]


def parse_xml(
    package: Package,
    name: str,
    *,
    start: Callable[[str, dict[str, str]], None] | None = None,
    prepare: Callable[[Any], None] | None = None,
) -> None:
    """Take a part's XML apart, block by block; tags come as `namespace name`."""
    parser = xml_parser()
    if start is not None:
        parser.StartElementHandler = start
    if prepare is not None:
        prepare(parser)
    with package.open(name) as part:
        feed(parser, part, name)


def feed(parser: Any, part: IO[bytes], name: str) -> None:
    """Feed a parser all of a part. Raises RefusedError where it is not well-formed XML."""
    while block := part.read(BLOCK):
        parse_block(parser, block, name)
    parse_block(parser, b"", name, final=True)


def parse_block(parser: Any, block: bytes, name: str, *, final: bool = False) -> None:
    """Feed a parser some of a part. Raises RefusedError where it is not well-formed XML."""
    try:
        parser.Parse(block, final)
    except expat.ExpatError as error:
        raise RefusedError(
            f"the workbook is damaged (part {name!r}, line {error.lineno}: "
            f"{expat.errors.messages[error.code]}); save it again as XLSX"
        ) from error


def xml_parser() -> Any:
    """Return a parser that knows namespaces and refuses document types, and so every entity."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise RefusedError(
        "the workbook's XML declares a document type, which no spreadsheet program writes; save it "
        "again as XLSX"
    )
