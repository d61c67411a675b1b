"""The campaign file as bytes: what kind it is, its SHA-256, and what a gz or zip holds."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from bulkcall.errors import CampaignFileError
from bulkcall.load.workbook_process.error_cells_xls import MAGIC as OLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

_BLOCK = 1 << 20
_NOT_WAITING = (
    getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

# All that Python's own unpackers raise over damaged archives.
DAMAGE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    RuntimeError,  # and NotImplementedError below it: encrypted, or of an unknown method
    ValueError,
    LookupError,  # a member without a name, or one that the directory does not have
    OverflowError,
)

_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"SQLite format 3": "a SQLite database",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"{\\rtf": "an RTF document",
}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Source:
    """An open campaign file; a context manager.

    Raises (all methods):
        CampaignFileError: the file can't be opened or read, is of no kind that can be read, or
            changed since it was opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            # A pipe without a writer is not waited for; what is opened is looked at afterwards.
            number = os.open(path, os.O_RDONLY | _NOT_WAITING)
            self.stream = os.fdopen(number, "rb")
        except OSError as error:
            raise CampaignFileError(f"{path}: {error.strerror or error}") from error
        try:
            self._facts = os.fstat(self.stream.fileno())
            self.size = self._facts.st_size
            self.head = self.read_head()
            self.kind, self.member = self._kind()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def error(self, text: str) -> CampaignFileError:
        """Make an error that names the file."""
        return CampaignFileError(f"{self.path}: {text}")

    def read_head(self, size: int = 4096) -> bytes:
        """Give the file's first bytes."""
        if not stat.S_ISREG(self._facts.st_mode):
            raise self.error("not a regular file; give a file on disk")
        if not self.size:
            raise self.error("the file is empty")
        head = self.stream.read(size)
        self.stream.seek(0)
        return head

    def sha256(self) -> str:
        """Hash the file's own bytes; `stream` stays where it is, so that a thread can do it."""
        digest = hashlib.sha256()
        at = 0
        try:
            while block := os.pread(self.stream.fileno(), _BLOCK, at):
                digest.update(block)
                at += len(block)
        except OSError as error:
            raise self.error(f"reading failed: {error.strerror or error}") from error
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Raise where the file was written to since it was opened."""
        now = os.fstat(self.stream.fileno())
        before = self._facts
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise self.error("the file changed while it was read; start again when it is at rest")

    @contextmanager
    def unpacked(self, limit: int, size: int = _BLOCK) -> Iterator[Iterator[bytes]]:
        """Give the CSV's bytes in blocks, unpacked where the file is a gz or zip.

        Args:
            limit: The most bytes that a gz or zip may hold.
            size: The most bytes of a block.
        """
        self.stream.seek(0)
        if self.kind == "csv":
            yield self._blocks(self.stream, None, size)
        elif self.kind == "csv.gz":
            with gzip.GzipFile(fileobj=self.stream, mode="rb") as packed:
                yield self._blocks(packed, limit, size)
        else:
            with (
                zipfile.ZipFile(self.stream) as archive,
                self._member(archive, self.member) as packed,
            ):
                yield self._blocks(packed, limit, size)

    def _member(self, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
        try:
            return archive.open(name)
        except DAMAGE as error:
            raise self.error(f"can't unpack {name!r} in the zip: {error}") from error

    def _blocks(self, stream: _Readable, limit: int | None, size: int) -> Iterator[bytes]:
        total = 0
        while True:
            try:
                block = stream.read(size)
            except DAMAGE as error:
                raise self.error(f"can't be read to its end: {error}") from error
            if not block:
                return
            total += len(block)
            if limit is not None and total > limit:
                raise self.error(f"unpacks to more than {limit:,} bytes, the limit")
            yield block

    def _kind(self) -> tuple[str, str]:
        head = self.head
        if head.startswith(OLE):
            if self._contains(_ENCRYPTED):
                raise self.error("the workbook is encrypted; save it without a password")
            return "xls", ""
        if head.startswith(b"\x1f\x8b"):
            return self._kind_in_gz()
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return self._kind_of_zip()
        self._refuse_foreign(head, "")
        return "csv", ""

    def _contains(self, needle: bytes) -> bool:
        tail = b""
        while block := self.stream.read(_BLOCK):
            if needle in tail + block:
                return True
            tail = block[-len(needle) :]
        return False

    def _kind_in_gz(self) -> tuple[str, str]:
        try:
            with gzip.GzipFile(fileobj=self.stream, mode="rb") as packed:
                head = packed.read(4096)
        except DAMAGE as error:
            raise self.error(f"a damaged gz file: {error}") from error
        if not head:
            raise self.error("the gz file holds nothing")
        self._refuse_packed(head, "gz")
        return "csv.gz", ""

    def _kind_of_zip(self) -> tuple[str, str]:
        try:
            with zipfile.ZipFile(self.stream) as archive:
                names = [i.filename for i in archive.infolist() if not i.is_dir()]
                if "xl/workbook.xml" in names or "[Content_Types].xml" in names:
                    return self._office_kind(names), ""
                if "mimetype" in names and "content.xml" in names:
                    return "ods", ""
                member = self._only_member(names)
                with self._member(archive, member) as packed:
                    head = packed.read(4096)
        except DAMAGE as error:
            raise self.error(f"a damaged zip or workbook: {error}") from error
        if not head:
            raise self.error(f"{member!r} in the zip is empty")
        self._refuse_packed(head, "zip")
        return "csv.zip", member

    def _office_kind(self, names: list[str]) -> str:
        if any(name.startswith("xl/") and name.endswith("workbook.xml") for name in names):
            return "xlsx"
        raise self.error("an Office document, but no XLSX workbook; save it as XLSX or CSV")

    def _only_member(self, names: list[str]) -> str:
        own = [
            name
            for name in names
            if not name.startswith("__MACOSX/") and not name.rsplit("/", 1)[-1].startswith(".")
        ]
        if len(own) > 1:
            own = [n for n in own if n.lower().endswith((".csv", ".tsv", ".txt"))] or own
        if len(own) == 1:
            return own[0]
        found = ", ".join(own[:5]) or "none"
        raise self.error(f"the zip must hold one CSV file; it holds {len(own)}: {found}")

    def _refuse_packed(self, head: bytes, archive: str) -> None:
        if head.startswith((b"PK\x03\x04", OLE, b"\x1f\x8b")):
            raise self.error(f"the {archive} holds a workbook or another archive; unpack it first")
        self._refuse_foreign(head, f"the {archive} holds ")

    def _refuse_foreign(self, head: bytes, what: str) -> None:
        for magic, name in _FOREIGN.items():
            if head.startswith(magic):
                raise self.error(f"{what}{name}, not a campaign file (CSV, XLSX, XLS or ODS)")
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
        if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
            raise self.error(
                f"{what}a web page or XML under a spreadsheet's name; "
                "open it in a spreadsheet program and save it as XLSX or CSV"
            )
