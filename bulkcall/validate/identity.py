"""A record's identity: everything but its times, as one 64-bit number that never changes.

The algorithm is part of the ledger's format: the numbers stand in ledgers on users' disks, and a
record is recognised in a later run by them. Do not change it.

- a text is the BLAKE2b digest (16 bytes, two little-endian uint64 words) of its UTF-8 bytes; an
  absent text is two zero words; `label_id` is lower-cased first, since a UUID's case means nothing
- word w of a record is a chain of `mix(state ^ part)` over caller, receiver, word w of label_id, of
  dynamic_label_name and of dynamic_call_reason, starting from a constant for each word; `mix` is
  the finaliser of SplitMix64
- the identity is word 0, read as a signed integer; both words together tell equal rows of one file
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bulkcall.validate.text_columns import TextColumn

_SEEDS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


def mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter each number over all 64 bits (SplitMix64's finaliser)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def text_words(texts: TextColumn, *, lower: bool = False) -> NDArray[np.uint64]:
    """Digest a text column: an array of shape (2, rows)."""
    distinct = texts.distinct
    if lower:
        distinct = pa.array([text.lower() for text in distinct.to_pylist()], pa.string())
    table = _digests(distinct).T
    words: NDArray[np.uint64] = np.ascontiguousarray(table)[:, texts.rows]
    return words


def record_words(
    numbers: Sequence[NDArray[np.int64]], texts: Sequence[NDArray[np.uint64]]
) -> NDArray[np.uint64]:
    """Chain the parts of each record into its two words: an array of shape (2, rows)."""
    words = np.empty((2, len(numbers[0])), dtype=np.uint64)
    for word, seed in enumerate(_SEEDS):
        state = np.full(len(numbers[0]), seed, dtype=np.uint64)
        for number in numbers:
            state = mix(state ^ number.view(np.uint64))
        for digests in texts:
            state = mix(state ^ digests[word])
        words[word] = state
    return words


def with_times(words: NDArray[np.uint64], times: Sequence[NDArray[np.int64]]) -> NDArray[np.uint64]:
    """Chain the times on: what equal rows of one file share, and only they."""
    for time in times:
        words = mix(words ^ time.view(np.uint64))
    return words


def _digests(texts: pa.Array) -> NDArray[np.uint64]:
    """Return two words for each text, as they stand in the buffer: no text becomes an object."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    held = data.to_pybytes() if data is not None else b""
    blake2b = hashlib.blake2b
    digests = b"".join(
        [blake2b(held[a:b], digest_size=16).digest() for a, b in pairwise(ends.tolist())]
    )
    words = np.frombuffer(digests, "<u8").reshape(-1, 2).copy()
    words[ends[1:] == ends[:-1]] = 0
    return words
