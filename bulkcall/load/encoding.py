"""Which encoding a CSV is in: decided once, from all its bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bulkcall.load.codepages import Words, tell

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
    """Read all of a CSV's bytes, twice where they are no Unicode, and say what they are.

    Args:
        survey: Gives the bytes in blocks, from their start, each time that it is called.

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
        return Encoding(name, 0, f"no byte order mark; read as {name}, told by its zero bytes")
    if _is_binary(first):
        raise UndecidedError("binary data, not a campaign file (CSV, XLSX, XLS or ODS)")
    line = _damaged_line("utf-8", survey, 0)
    if not line:
        return Encoding("utf-8", 0)
    words = Words()
    high = unicode = 0
    with survey() as blocks:
        for block in blocks:
            words.add(block)
            high += len(block) - len(block.translate(None, _HIGH))
            unicode += sum(map(len, _SEQUENCE.findall(block)))
    if unicode * 2 > high:
        raise UndecidedError(
            f"UTF-8, but damaged: line {line} holds bytes of another encoding; "
            "mend that line, or save the file as UTF-8 again"
        )
    page = tell(words)
    if page is None:
        raise UndecidedError(
            f"neither Unicode nor a Windows code page that fits (line {line}); "
            "save the file as UTF-8"
        )
    return Encoding(page.name, 0, page.note)


def _check(name: str, survey: Survey, bom: int) -> None:
    if line := _damaged_line(name, survey, bom):
        raise UndecidedError(f"marked as {name}, but damaged at line {line}; save it again")


def _damaged_line(name: str, survey: Survey, bom: int) -> int:
    """Give the line of the first byte that is not as the encoding has it; 0: there is none."""
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
    """Tell whether bytes are UTF-8 to their end; other threads can work meanwhile."""
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
    control = sum(sample.count(bytes([b])) for b in (*range(9), *range(14, 32)))
    return control > len(sample) * 0.05
