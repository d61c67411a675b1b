"""outcomes.csv: every row of the campaign file once, in file order, with what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.report.columns import RESULTS, outcome_columns, stale_columns
from bulkcall.report.csv_text import csv_lines, header_line, inert_cells, plain
from bulkcall.report.times import iso_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    import pyarrow as pa

    from bulkcall.report.rows import RowBlock

_TIMES = frozenset(("sent_at", "confirmed_at"))
_FOREIGN = frozenset(("message", "field", "batch_id", "record_id"))
"""What others wrote, and so may look like a formula; the other results are words of ours."""


class OutcomesCsv:
    """Writes outcomes.csv to an open file, block by block, and counts what it wrote."""

    def __init__(self, file: BinaryIO, own_columns: Sequence[str]) -> None:
        self._file = file
        self._stale = stale_columns(own_columns)
        self.rows = 0
        file.write(header_line(outcome_columns(own_columns)))

    def add(self, block: RowBlock) -> None:
        """Write the rows of a block."""
        row = plain(block.results.column("row"))
        own = [inert_cells(plain(column)) for column in block.cells.columns]
        for place, name in self._stale.items():
            own[place] = inert_cells(plain(block.results.column(name)))
        for text in csv_lines([row, *own, *result_texts(block.results)]):
            self._file.write(text)
        self.rows += len(row)


def result_texts(results: pa.Table) -> list[pa.Array]:
    """Return the result columns as inert text, in the order of outcomes.csv."""
    texts = []
    for name in RESULTS:
        column = results.column(name).combine_chunks()
        if name in _TIMES:
            texts.append(iso_times(column))
        elif name in _FOREIGN:
            texts.append(inert_cells(plain(column)))
        else:
            texts.append(plain(column))
    return texts
