"""A CSV's bytes as UTF-8, whatever they came in."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkcall.load.encoding import Encoding

BLOCK = 8 << 20
"""About 45,000 rows: validation works at nearly its best, and memory stays well under 450 MB."""
_CTRL_Z = b"\x1a"
_AROUND_THE_END = b"\x1a\r\n"
_LOOK_BYTES = 4096


def utf8_blocks(
    blocks: Iterable[bytes], encoding: Encoding, size: int = BLOCK
) -> Iterator[tuple[bytes, bool]]:
    """Yield the text in UTF-8, without its byte order mark, each block with whether it is the last.

    Ctrl-Z at the very end, which old programs write as an end of file, is not part of the text.

    Args:
        blocks: All of `size` bytes but the last, which is shorter, maybe empty or not there.
        encoding: What they are in. A block that comes out may end within a character.
        size: So that the last block is known without reading ahead.
    """
    held = b""
    for block, last in _decoded(blocks, encoding, size):
        own = held + block if held else block
        held = b""
        tail = own[-_LOOK_BYTES:]
        if tail.find(_CTRL_Z, len(tail.rstrip(_AROUND_THE_END))) >= 0:
            cut = own.index(_CTRL_Z, len(own.rstrip(_AROUND_THE_END)))
            own, held = own[:cut], own[cut:]
        yield own, last


def _decoded(
    blocks: Iterable[bytes], encoding: Encoding, size: int
) -> Iterator[tuple[bytes, bool]]:
    skip = encoding.bom
    decoder = None
    if encoding.name != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding.name)()
    last = False
    for block in blocks:
        last = len(block) < size
        own = block[skip:] if skip else block
        skip = 0
        yield (own if decoder is None else decoder.decode(own, final=last).encode()), last
    if not last:
        yield (b"" if decoder is None else decoder.decode(b"", final=True).encode()), True
