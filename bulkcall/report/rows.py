"""Results and cells of a run side by side: two streams of the ledger, cut to the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from bulkcall.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from bulkcall.ledger.ledger import Ledger


BLOCK = 25_000
"""Rows that are held at a time; the files' speed is the same from ten thousand up."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows in file order: their results and their own text, of one length."""

    results: pa.Table
    """As `Ledger.outcomes` gives it."""
    cells: pa.Table
    """One string column for each column of the campaign file."""


def row_blocks(ledger: Ledger, run_id: str, size: int = BLOCK) -> Iterator[RowBlock]:
    """Yield every row of a run once, in order, at most `size` rows at a time.

    Raises LedgerError where the ledger holds a row's result but not its text.
    """
    cells = _Cells(ledger.cells(run_id), run_id)
    for results in ledger.outcomes(run_id, size):
        if results.num_rows:
            yield RowBlock(results, cells.of(results.column("row").to_numpy()))


class _Cells:
    """Rows' own text, given out forwards only, so that no more than a chunk or two is held."""

    def __init__(self, chunks: Iterator[tuple[int, pa.Table]], run_id: str) -> None:
        self._chunks = chunks
        self._run_id = run_id
        self._first = 0
        self._held: pa.Table | None = None

    def of(self, rows: np.ndarray) -> pa.Table:
        """Return the text of these rows (ascending)."""
        first, last = int(rows[0]), int(rows[-1])
        while self._held is None or self._first + self._held.num_rows <= last:
            self._read(first, last)
        start = first - self._first
        if start < 0:
            raise self._lost(first)
        if last - first + 1 == len(rows):
            return self._held.slice(start, len(rows)).combine_chunks()
        return self._held.take(pa.array(rows - self._first)).combine_chunks()

    def _read(self, first: int, last: int) -> None:
        begin, chunk = next(self._chunks, (0, None))
        if chunk is None:
            raise self._lost(last)
        if self._held is None or self._first + self._held.num_rows <= first:
            self._first, self._held = begin, chunk
            return
        if begin != self._first + self._held.num_rows:
            raise self._lost(self._first + self._held.num_rows)
        passed = max(0, first - self._first)
        self._held = pa.concat_tables([self._held.slice(passed), chunk])
        self._first += passed

    def _lost(self, row: int) -> LedgerError:
        return LedgerError(
            f"the ledger holds no text for row {row} of run {self._run_id}: it is damaged;"
            " put back a copy of it"
        )
