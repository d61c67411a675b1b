"""Rows into the ledger: chunk by chunk, and taken out again where loading died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.ledger import tallies
from bulkcall.ledger.packing import packed
from bulkcall.ledger.schema import ROW_BITS, row_key, row_range
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger.store import Transaction
    from bulkcall.records import CheckedChunk

_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason")


class PackedChunk:
    """A chunk made ready to be written, before the transaction begins: packing takes its time."""

    def __init__(self, checked: CheckedChunk) -> None:
        records = checked.records
        self.first_row = checked.chunk.first_row
        self.cells = packed(checked.chunk.cells.append_column("line", checked.chunk.lines))
        self.findings = packed(checked.findings) if checked.findings.num_rows else None
        self.finding_count = checked.findings.num_rows
        self.count = len(checked)
        valid = records.column("valid").combine_chunks()
        self.valid = int(pc.sum(valid).as_py() or 0)
        self.wordings, self._wording = _wordings(records)
        self._records = records
        self._valid = valid

    def keyed_wordings(self, run_no: int) -> pa.Table:
        """Give the distinct texts of the chunk, as rows of `wordings`."""
        first = row_key(run_no, self.first_row)
        keys = pa.array(np.arange(first, first + self.wordings.num_rows))
        return self.wordings.add_column(0, "id", keys)

    def rows(self, run_no: int, *, valid: bool) -> pa.Table:
        """Give the chunk's valid or invalid rows, as rows of `rows`."""
        records = self._records
        first = row_key(run_no, self.first_row)
        base = run_no << ROW_BITS
        state = RowState.READY if valid else RowState.INVALID
        count = records.num_rows
        columns = {
            "id": pa.array(records.column("row").to_numpy() + base),
            "run_no": pa.array(np.full(count, run_no)),
            "state": pa.array(np.full(count, int(state))),
            "caller": records.column("caller_number"),
            "receiver": records.column("receiver_number"),
            "starts_at": records.column("starts_at"),
            "ends_at": records.column("ends_at"),
            "identity": records.column("identity"),
            "wording": pa.array(self._wording + first),
        }
        if not valid:
            columns["field"] = records.column("field")
            columns["message"] = records.column("message")
        table = pa.table(columns)
        if valid and self.valid == self.count:
            return table
        return table.filter(self._valid if valid else pc.invert(self._valid))


def _wordings(records: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """Give the distinct (label_id, name, reason) of the rows, and each row's place among them."""
    codes = np.zeros(records.num_rows, dtype=np.int64)
    for name in _TEXTS:
        column = records.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        indices = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        # Made dense again after each column, so that the product can't overflow.
        codes = codes * max(1, len(column.dictionary)) + indices
        _, codes = np.unique(codes, return_inverse=True)
    _, firsts, places = np.unique(codes, return_index=True, return_inverse=True)
    distinct = records.select(_TEXTS).take(pa.array(firsts))
    return distinct.rename_columns(["label_id", "name", "reason"]), places


def add(transaction: Transaction, run_no: int, chunk: PackedChunk) -> None:
    """Write a chunk of a run."""
    transaction.run(
        "INSERT INTO chunks (id, row_count, finding_count, cells, findings) VALUES (?, ?, ?, ?, ?)",
        row_key(run_no, chunk.first_row),
        chunk.count,
        chunk.finding_count,
        chunk.cells,
        chunk.findings,
    )
    transaction.insert("wordings", chunk.keyed_wordings(run_no))
    if chunk.valid:
        transaction.insert("rows", chunk.rows(run_no, valid=True))
    if chunk.valid < chunk.count:
        transaction.insert("rows", chunk.rows(run_no, valid=False))
    transaction.run(
        "UPDATE runs SET row_count = row_count + ? WHERE run_no = ?", chunk.count, run_no
    )
    invalid = chunk.count - chunk.valid
    tallies.change(transaction, run_no, {RowState.READY: chunk.valid, RowState.INVALID: invalid})


def drop(transaction: Transaction, run_no: int) -> None:
    """Forget the rows of a run that has sent nothing."""
    first, last = row_range(run_no)
    transaction.run("DELETE FROM rows WHERE id BETWEEN ? AND ?", first, last)
    transaction.run("DELETE FROM wordings WHERE id BETWEEN ? AND ?", first, last)
    transaction.run("DELETE FROM chunks WHERE id BETWEEN ? AND ?", first, last)
    transaction.run("UPDATE tallies SET row_count = 0 WHERE run_no = ?", run_no)
    transaction.run("UPDATE runs SET row_count = 0 WHERE run_no = ?", run_no)


def mark_duplicates(
    transaction: Transaction, run_no: int, rows: Sequence[int], first_rows: Sequence[int]
) -> None:
    """Let rows that equal an earlier row of the file become DUPLICATE, naming that row."""
    marked = transaction.many(
        "UPDATE rows SET state = 16, message = ? WHERE id = ? AND state = 0",
        [
            (f"the same record stands in row {int(first)} of this file", row_key(run_no, int(row)))
            for row, first in zip(rows, first_rows, strict=True)
        ],
    )
    tallies.change(transaction, run_no, {RowState.READY: -marked, RowState.DUPLICATE: marked})
