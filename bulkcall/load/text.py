"""A CSV's bytes as UTF-8, whatever they came in."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkcall.load.encoding import Encoding

BLOCK = 8 << 20
"""About 45,000 rows: validation works at nearly its best, and memory stays well under 450 MB."""


def utf8_blocks(
    blocks: Iterable[bytes], encoding: Encoding, size: int = BLOCK
) -> Iterator[tuple[bytes, bool]]:
    """Give the text in UTF-8, without its byte order mark, each block with whether it is the last.

    Args:
        blocks: All of `size` bytes but the last, which is shorter, maybe empty or not there.
        encoding: What they are in. A block that comes out may end within a character.
        size: So that the last block is known without reading ahead.
    """
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
