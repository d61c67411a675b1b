"""Equal rows of one file, found exactly, in memory that does not grow with the file.

Contract, Equal rows: compared as finished records, other columns don't count, invalid rows are not
compared. A record is reduced to 128 bits (identity.py, with the times chained on); two records that
differ agree in all 128 with a chance below 1 in 10^24 for ten million rows.
"""

from __future__ import annotations

import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bulkcall.records import CheckedChunk

_ENTRY: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<i8")])
_IN_MEMORY: Final = 1_000_000
"""Entries (24 bytes each) held before they go to disk."""
_PARTS: Final = 32


class DuplicateFinder:
    """Collects the valid rows of a file and tells which equal an earlier one."""

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._held: list[NDArray[np.void]] = []
        self._count = 0
        self._parts: list[IO[bytes]] = []
        weakref.finalize(self, _close, self._parts)

    def add(self, checked: CheckedChunk) -> None:
        """Take a chunk's valid rows in."""
        if checked.digest is None:
            raise ValueError("a chunk that validation has not checked")
        records = checked.records
        valid = records["valid"].to_numpy()
        entries = np.empty(int(valid.sum()), dtype=_ENTRY)
        if not len(entries):
            return
        entries["high"], entries["low"] = checked.digest[:, valid]
        entries["row"] = records["row"].to_numpy()[valid]
        self._held.append(entries)
        self._count += len(entries)
        if self._count > self._in_memory:
            self._spill()

    def finish(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows that equal an earlier row, ascending, and that first row of each."""
        if self._parts:
            self._spill()
        found = [_repeats(part) for part in self._read_parts()]
        rows = np.concatenate([each[0] for each in found])
        first_rows = np.concatenate([each[1] for each in found])
        order = np.argsort(rows)
        return rows[order], first_rows[order]

    def _read_parts(self) -> Iterator[NDArray[np.void]]:
        if not self._parts:
            yield self._in_hand()
        for part in self._parts:
            part.seek(0)
            yield np.frombuffer(part.read(), dtype=_ENTRY)
            part.close()

    def _in_hand(self) -> NDArray[np.void]:
        return np.concatenate([np.empty(0, dtype=_ENTRY), *self._held])

    def _spill(self) -> None:
        if not self._parts:
            self._parts += [tempfile.TemporaryFile() for _ in range(_PARTS)]  # noqa: SIM115 - `_close` does
        # Chunk by chunk: what is moved about stays small enough for the processor's own memory.
        for entries in self._held:
            which = (entries["high"] >> np.uint64(64 - _PARTS.bit_length() + 1)).astype(np.uint8)
            apart = entries[np.argsort(which, kind="stable")]
            ends = np.cumsum(np.bincount(which, minlength=_PARTS))
            for part, chosen in zip(self._parts, np.split(apart, ends[:-1]), strict=True):
                part.write(chosen.tobytes())
        self._held.clear()
        self._count = 0


def _close(parts: list[IO[bytes]]) -> None:
    for part in parts:
        part.close()


def _repeats(entries: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    high = np.sort(entries["high"])
    twice = high[1:][high[1:] == high[:-1]]
    # Only those that share a word with another are looked at more closely: mostly none, or few.
    near = entries[np.isin(entries["high"], twice)] if len(twice) else entries[:0]
    near = near[np.lexsort((near["row"], near["low"], near["high"]))]
    equal = np.zeros(len(near), dtype=bool)
    equal[1:] = (near["high"][1:] == near["high"][:-1]) & (near["low"][1:] == near["low"][:-1])
    rows = near["row"].astype(np.int64)
    leader = np.maximum.accumulate(np.where(equal, 0, np.arange(len(near))))
    return rows[equal], rows[leader[equal]]
