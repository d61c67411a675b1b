"""Which encoding a CSV is in: decided once, from all its bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bulkcall.errors import UsageError
from bulkcall.load import codepages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    Survey = Callable[[], AbstractContextManager[Iterator[bytes]]]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_FOR_TEXT = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "utf_7",
        "mbcs",
        "oem",
    }
)
"""Codecs that turn plain text into other text."""
_HIGH = bytes(range(128, 256))
# A character of UTF-8 that takes more than one byte.
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A decided encoding: a codec's name, the byte order mark's length, and how it was decided."""

    name: str
    bom: int
    note: str = ""


class UndecidedError(ValueError):
    """The bytes fit no encoding for certain; the text says why and what to do."""


def decide(survey: Survey) -> Encoding:
    """Read all of a CSV's bytes, twice where they are not Unicode, and return what they are in.

    Args:
        survey: Returns the bytes in blocks, from their start, each time that it is called.

    Raises:
        UndecidedError: the bytes fit no encoding for certain.
    """
    with survey() as blocks:
        first = next(blocks, b"")
    for bom, name in _BOMS:
        if first.startswith(bom):
            _check(name, survey, len(bom))
            return Encoding(name, len(bom))
    if name := _utf16_without_bom(first):
        _check(name, survey, 0)
        return Encoding(name, 0, f"no byte order mark; read as {name}, by its zero bytes")
    if _is_binary(first):
        raise UndecidedError("binary data, not a campaign file (CSV, XLSX, XLS or ODS)")
    line = _damaged_line("utf-8", survey, 0)
    if not line:
        return Encoding("utf-8", 0)
    words = codepages.Words()
    high = unicode = 0
    with survey() as blocks:
        for block in blocks:
            words.add(block)
            high += len(block) - len(block.translate(None, _HIGH))
            unicode += sum(map(len, _SEQUENCE.findall(block)))
    if unicode * 2 > high:
        raise UndecidedError(
            f"UTF-8, but damaged: line {line} holds bytes of another encoding; "
            "fix that line, or save the file as UTF-8 again"
        )
    try:
        page = codepages.decide(words)
    except codepages.UncertainError as error:
        raise UndecidedError(
            f"not UTF-8 (line {line}), and {error}; save the file as UTF-8, or say which encoding "
            "it is in with --encoding NAME"
        ) from error
    return Encoding(page.name, 0, page.note)


def given(name: str, survey: Survey) -> Encoding:
    """Return the encoding that the user named, once all bytes are known to fit it.

    Raises:
        UsageError: there is no such encoding, or the file's byte order mark names another.
        UndecidedError: the bytes do not fit.
    """
    try:
        codec = codecs.lookup(name)
    except LookupError:
        codec = None
    known = codec.name.replace("-", "_") if codec else ""
    if codec is None or not codec._is_text_encoding or known in _NOT_FOR_TEXT:  # noqa: SLF001
        raise UsageError(
            f"--encoding: no encoding {name!r} is known; e.g. utf-8, cp1252 (Windows), "
            "cp850 (DOS), mac_roman, shift_jis"
        )
    with survey() as blocks:
        first = next(blocks, b"")
    for bom, marked in _BOMS:
        if first.startswith(bom):
            own = codec.name.removesuffix("-sig")
            if not marked.startswith(own):
                raise UsageError(
                    f"--encoding {name}, but the file is marked as {marked} (byte order mark); "
                    "leave --encoding out"
                )
            _check(marked, survey, len(bom))
            return Encoding(marked, len(bom), f"read as {marked}, as --encoding says")
    if line := _damaged_line(codec.name, survey, 0):
        raise UndecidedError(f"not {name}, as --encoding says: line {line} does not fit it")
    return Encoding(codec.name.removesuffix("-sig"), 0, f"read as {name}, as --encoding says")


def _check(name: str, survey: Survey, bom: int) -> None:
    if line := _damaged_line(name, survey, bom):
        raise UndecidedError(f"marked as {name}, but damaged at line {line}; save it again")


def _damaged_line(name: str, survey: Survey, bom: int) -> int:
    """Return the line of the first byte that is not as the encoding has it; 0: there is none."""
    if name == "utf-8":
        with survey() as blocks:
            if is_utf8(blocks):
                return 0
    decoder = codecs.getincrementaldecoder(name)()
    lines, skip = 1, bom
    try:
        with survey() as blocks:
            for block in blocks:
                decoder.decode(block[skip:])
                lines += block.count(b"\n")
                skip = 0
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return lines + bytes(error.object)[: error.start].count(b"\n")
    return 0


def is_utf8(blocks: Iterable[bytes]) -> bool:
    """Return whether bytes are UTF-8 to their end; other threads can work meanwhile."""
    rest = b""
    for block in blocks:
        own = rest + block
        cut = len(own) - _unfinished(own)
        # As one text of an array, because Arrow can tell at the speed of memory.
        ends = pa.py_buffer(np.array([0, cut], np.int32))
        try:
            pa.StringArray.from_buffers(1, ends, pa.py_buffer(own)).validate(full=True)
        except pa.ArrowInvalid:
            return False
        rest = own[cut:]
    return not rest


def _unfinished(text: bytes) -> int:
    """Count the last bytes that begin a character and do not end it."""
    for back in range(1, min(4, len(text) + 1)):
        byte = text[-back]
        if byte >= 0xC0:  # noqa: PLR2004 - the first byte of a character of several
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)  # noqa: PLR2004 - of three, of four
            return back if back < length else 0
        if byte < 0x80:  # noqa: PLR2004 - ASCII
            return 0
    return 0


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
    control = sum(sample.count(bytes([b])) for b in (*range(9), *range(14, 26), *range(27, 32)))
    return control > len(sample) * 0.05
