"""A CSV's bytes as UTF-8, whatever they came in."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkcall.load.encoding import Encoding

_BLOCK = 20 << 20
"""About 100,000 rows, which validation likes best, and little enough for flat memory."""


def utf8_blocks(blocks: Iterable[bytes], encoding: Encoding, size: int = _BLOCK) -> Iterator[bytes]:
    """Give the text, without its byte order mark, in UTF-8 blocks of about `size` bytes.

    A block may end within a character.
    """
    parts: list[bytes] = []
    held = 0
    for part in _utf8(blocks, encoding):
        parts.append(part)
        held += len(part)
        if held >= size:
            yield b"".join(parts)
            parts, held = [], 0
    if parts:
        yield b"".join(parts)


def _utf8(blocks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    skip = encoding.bom
    decoder = None
    if encoding.name != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding.name)()
    for block in blocks:
        own = block[skip:] if skip else block
        skip = 0
        yield own if decoder is None else decoder.decode(own).encode()
    if decoder is not None:
        yield decoder.decode(b"", final=True).encode()
