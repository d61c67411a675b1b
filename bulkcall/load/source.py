"""The campaign file as bytes: what kind it is, its SHA-256, and what a gz or zip holds.

`-` is standard input, copied to a private temporary file that nobody else can open.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import stat
import struct
import sys
import tempfile
import zipfile
import zlib
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Protocol

from bulkcall.errors import CampaignFileError
from bulkcall.load import foreign_files
from bulkcall.records import STANDARD_INPUT
from bulkcall.support.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

_BLOCK = 1 << 20
_NOT_WAITING = (
    getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_PARQUET = b"PAR1"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

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

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_OTHER_OLE = {
    "WordDocument": "an old Word document, not a workbook",
    "PowerPoint Document": "an old PowerPoint document, not a workbook",
    "__substg1.0_": "an Outlook message, not a workbook",
}
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_PASSWORD = 1
_SHOWN_MEMBERS = 5


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
            self.stream = _spooled() if path == STANDARD_INPUT else _opened(path)
        except OSError as error:
            raise CampaignFileError(f"{path}: {_what_failed(path, error)}") from error
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
        """Return an error that names the file."""
        return CampaignFileError(f"{self.path}: {text}")

    def read_head(self, size: int = 4096) -> bytes:
        """Return the file's first bytes."""
        if not stat.S_ISREG(self._facts.st_mode):
            raise self.error(_not_a_file(self._facts.st_mode))
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
        """Yield the CSV's bytes in blocks, unpacked where the file is a gz or zip.

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
            facts = archive.getinfo(name)
            if facts.flag_bits & _PASSWORD:
                raise self.error(
                    f"{shown(name)!r} in the zip is locked with a password; unpack it first"
                )
            if facts.compress_type not in _METHODS:
                raise self.error(
                    f"{shown(name)!r} in the zip is packed in a way that is not read (method "
                    f"{facts.compress_type}); pack it as an ordinary zip, or unpack it first"
                )
            return archive.open(name)
        except DAMAGE as error:
            raise self.error(f"can't unpack {shown(name)!r} in the zip: {error}") from error

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
        if advice := foreign_files.lock_file(self.path, head, self.size):
            raise self.error(advice)
        if head.startswith(OLE):
            self._refuse_other_ole()
            return "xls", ""
        if head.startswith(b"\x1f\x8b"):
            return self._kind_in_gz()
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return self._kind_of_zip()
        if head.startswith(_PARQUET):
            return "parquet", ""
        self._refuse_foreign(head, "")
        return "csv", ""

    def _refuse_other_ole(self) -> None:
        if self._contains("EncryptedPackage"):
            raise self.error("the workbook is encrypted; save it without a password")
        for name, what in _OTHER_OLE.items():
            if self._contains(name) and not self._contains("Workbook"):
                raise self.error(f"{what}; save its table as XLSX or CSV")

    def _contains(self, name: str) -> bool:
        needle = name.encode("utf-16-le")
        tail = b""
        self.stream.seek(0)
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
                if kind := self._office_kind(names):
                    return kind, ""
                member = self._only_member(names)
                with self._member(archive, member) as packed:
                    head = packed.read(4096)
        except DAMAGE as error:
            raise self.error(f"a damaged zip or workbook: {error}") from error
        if not head:
            raise self.error(f"{shown(member)!r} in the zip is empty")
        self._refuse_packed(head, "zip")
        return "csv.zip", member

    def _office_kind(self, names: list[str]) -> str:
        lower = {name.lower().lstrip("/") for name in names}
        if "mimetype" in lower and "content.xml" in lower:
            return "ods"
        if "xl/workbook.bin" in lower:
            return "xlsb"
        if said := foreign_files.office_document(names):
            raise self.error("; ".join(said))
        if "xl/workbook.xml" in lower or "[content_types].xml" in lower:
            if not any(name.endswith("workbook.xml") for name in lower):
                raise self.error("an Office document, but not an XLSX workbook; save it as XLSX")
            return "xlsx"
        return ""

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
        found = ", ".join(repr(name)[:80] for name in own[:_SHOWN_MEMBERS]) or "none"
        more = f" and {len(own) - _SHOWN_MEMBERS} more" if len(own) > _SHOWN_MEMBERS else ""
        raise self.error(
            f"the zip must hold one CSV file; it holds {len(own)}: {found}{more}; unpack it and "
            "give one of them"
        )

    def _refuse_packed(self, head: bytes, archive: str) -> None:
        if head.startswith((b"PK\x03\x04", OLE, b"\x1f\x8b")):
            raise self.error(f"the {archive} holds a workbook or another archive; unpack it first")
        self._refuse_foreign(head, f"the {archive} holds ")

    def _refuse_foreign(self, head: bytes, what: str) -> None:
        if said := foreign_files.what_it_is(head):
            raise self.error(f"{what}{said[0]}; {said[1]}")


def _opened(path: str) -> IO[bytes]:
    """Open a file without waiting: a FIFO without a writer opens at once, and is then refused."""
    number = os.open(path, os.O_RDONLY | _NOT_WAITING)
    try:
        return os.fdopen(number, "rb")
    except OSError:
        os.close(number)
        raise


def _spooled() -> IO[bytes]:
    """Copy standard input into a private file without a name, so that it can be read twice."""
    if sys.stdin is None:
        raise CampaignFileError(f"{STANDARD_INPUT}: standard input is closed; give a file")
    spool = tempfile.TemporaryFile(prefix="bulkcall-")  # noqa: SIM115 - the source closes it
    try:
        shutil.copyfileobj(sys.stdin.buffer, spool, _BLOCK)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


def _not_a_file(mode: int) -> str:
    kind = _KINDS.get(stat.S_IFMT(mode), "not a regular file")
    return f"{kind}; give a file on disk, or `-` to read standard input"


def _what_failed(path: str, error: OSError) -> str:
    with suppress(OSError, ValueError):
        mode = os.stat(path).st_mode  # noqa: PTH116 - the name may be no text
        if not stat.S_ISREG(mode):
            return _not_a_file(mode)
    return error.strerror or str(error)
