"""Which rows have which receiver: what `trace` and the search for repeats go by.

A B-tree entry for each row costs more at loading than the row itself, and on a hundred million
rows each new one would touch a page of its own. So a chunk's rows are split by a hash of their
receiver into a few buckets, and each bucket is one blob of (receiver, identity, place) in plain
arrays. A bucket's blobs lie side by side, chunk after chunk: looking for one number reads one
bucket, 1/128 of what is there, and looking for a whole campaign's repeats reads each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from bulkcall.ledger.store import Transaction

    Numbers = npt.NDArray[np.int64]

BUCKETS = 128
_CHUNK_BITS = 48
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_TO_BUCKET = np.uint64(57)
_ENTRY_BYTES = 20
NO_IDENTITY = 0
"""Stands for the identity of a row that has none; no two such rows are taken for repeats."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Some rows of one chunk: their keys (`rows.id`), receivers and identities, side by side."""

    keys: Numbers
    receivers: Numbers
    identities: Numbers


def bucket_of(receivers: Numbers) -> Numbers:
    """Return the bucket of each receiver."""
    return ((receivers.astype(np.uint64) * _SPREAD) >> _TO_BUCKET).astype(np.int64)


def packed(receivers: Numbers, identities: Numbers, places: Numbers) -> list[tuple[int, bytes]]:
    """Return (bucket, blob) for each bucket that some rows of a chunk fall into."""
    buckets = bucket_of(receivers)
    # Numbers this small are sorted by counting, in a tenth of the time.
    order = np.argsort(buckets.astype(np.uint8), kind="stable")
    found, starts = np.unique(buckets[order], return_index=True)
    ends = [*starts.tolist()[1:], len(order)][: len(found)]
    blobs = []
    for bucket, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True):
        rows = order[start:end]
        parts = (receivers[rows], identities[rows], places[rows].astype(np.uint32))
        blobs.append((bucket, b"".join(part.tobytes() for part in parts)))
    return blobs


def unpacked(first: int, blob: bytes) -> Posting:
    """Return the posting of a blob; `first` is the key of its chunk's first row."""
    count = len(blob) // _ENTRY_BYTES
    places = np.frombuffer(blob, np.uint32, count, offset=16 * count)
    return Posting(
        keys=places.astype(np.int64) + first,
        receivers=np.frombuffer(blob, np.int64, count),
        identities=np.frombuffer(blob, np.int64, count, offset=8 * count),
    )


def add(
    transaction: Transaction, chunk_no: int, first: int, blobs: Iterable[tuple[int, bytes]]
) -> None:
    """Write a chunk's postings."""
    transaction.many(
        "INSERT INTO postings (id, first, entries) VALUES (?, ?, ?)",
        [(_key(bucket, chunk_no), first, blob) for bucket, blob in blobs],
    )


def remove(transaction: Transaction, chunk_numbers: Iterable[int]) -> None:
    """Take the postings of whole chunks away."""
    for chunk_no in chunk_numbers:
        keys = [_key(bucket, chunk_no) for bucket in range(BUCKETS)]
        transaction.keyed_run("DELETE FROM postings WHERE id IN_KEYS", keys)


def in_bucket(transaction: Transaction, bucket: int) -> Iterator[Posting]:
    """Return what all chunks have in one bucket, oldest first."""
    found = transaction.all(
        "SELECT first, entries FROM postings WHERE id >= ? AND id < ? ORDER BY id",
        _key(bucket, 0),
        _key(bucket + 1, 0),
    )
    return (unpacked(first, blob) for first, blob in found)


def of_chunks(transaction: Transaction, chunk_numbers: Iterable[int]) -> Iterator[Posting]:
    """Return all that some chunks have, in all buckets."""
    for chunk_no in chunk_numbers:
        keys = [_key(bucket, chunk_no) for bucket in range(BUCKETS)]
        found = transaction.keyed("SELECT first, entries FROM postings WHERE id IN_KEYS", keys)
        yield from (unpacked(first, blob) for first, blob in found)


def keys_of_receiver(transaction: Transaction, receiver: int) -> list[int]:
    """Return the keys of all rows with this receiver, in all runs."""
    bucket = int(bucket_of(np.array([receiver], dtype=np.int64))[0])
    return [
        key
        for posting in in_bucket(transaction, bucket)
        for key in posting.keys[posting.receivers == receiver].tolist()
    ]


def _key(bucket: int, chunk_no: int) -> int:
    return (bucket << _CHUNK_BITS) | chunk_no
