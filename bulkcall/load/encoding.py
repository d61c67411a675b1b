"""Which encoding a CSV is in: decided once, from all its bytes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A decided encoding: a codec's name, the byte order mark's length, and how it was decided."""

    name: str
    bom: int
    note: str = ""


class UndecidedError(ValueError):
    """The bytes fit no encoding for certain; the text says why and what to do."""


def decide(blocks: Iterable[bytes]) -> Encoding:
    """Read all blocks and say what they are.

    Raises:
        UndecidedError: the bytes fit no encoding for certain.
    """
    iterator = iter(blocks)
    first = next(iterator, b"")
    for bom, name in _BOMS:
        if first.startswith(bom):
            _check(name, first[len(bom) :], iterator)
            return Encoding(name, len(bom))
    if name := _utf16_without_bom(first):
        _check(name, first, iterator)
        return Encoding(name, 0, f"read as {name}: no byte order mark, told by its zero bytes")
    if _is_binary(first):
        raise UndecidedError("binary data, not a campaign file (CSV, XLSX, XLS or ODS)")
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_only = True
    try:
        for block in _with(first, iterator):
            if not (ascii_only and block.isascii()):
                ascii_only = False
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return Encoding("cp1252", 0, "not UTF-8; read as Windows-1252")
    return Encoding("utf-8", 0)


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _check(name: str, first: bytes, rest: Iterator[bytes]) -> None:
    decoder = codecs.getincrementaldecoder(name)()
    line = 1
    try:
        for block in _with(first, rest):
            line += decoder.decode(block).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UndecidedError(
            f"marked as {name}, but damaged after line {line}: {error.reason}; save it again"
        ) from error


def _utf16_without_bom(head: bytes) -> str:
    sample = head[: 1 << 16]
    half = len(sample) // 2
    if half < 2:  # noqa: PLR2004 - two characters tell nothing
        return ""
    even, odd = sample[: 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if odd > half * 0.3 and even <= half * 0.02:
        return "utf-16-le"
    if even > half * 0.3 and odd <= half * 0.02:
        return "utf-16-be"
    return ""


def _is_binary(head: bytes) -> bool:
    sample = head[: 1 << 16]
    control = sum(sample.count(bytes([b])) for b in (*range(9), *range(14, 32)))
    return control > len(sample) * 0.05
