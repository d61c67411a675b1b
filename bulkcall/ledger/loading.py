"""Rows into the ledger: chunk by chunk, and taken out again where loading died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.ledger import counts, receiver_index
from bulkcall.ledger.codec import packed
from bulkcall.ledger.lifecycle import Step, case_after, states_before
from bulkcall.ledger.schema import ROW_BITS, row_key, row_range
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from bulkcall.ledger.store import Transaction
    from bulkcall.records import CheckedChunk

MARK_DUPLICATE = f"""
    UPDATE rows SET state = {case_after(Step.MARK_DUPLICATE)}, message = ?
    WHERE id = ? AND state {states_before(Step.MARK_DUPLICATE)}
"""
_WIDEST = 1 << 62
_TIMES = ("starts_at", "ends_at")
_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason")


def packed_cells(checked: CheckedChunk) -> bytes:
    """Pack a chunk's original cells and the lines they stood on."""
    return packed(checked.chunk.cells.append_column("line", checked.chunk.lines))


class PackedChunk:
    """A chunk made ready to be written, before the transaction begins: packing takes its time.

    What is written last (the original cells, the postings) may still be being packed, `beside`.
    Packing hardly needs the interpreter, so it goes on while the database works.
    """

    def __init__(self, checked: CheckedChunk, beside: Executor) -> None:
        records = checked.records
        self.first_row = checked.chunk.first_row
        self.cells = beside.submit(packed_cells, checked)
        self.postings = beside.submit(_postings, records, self.first_row)
        self.findings = packed(checked.findings) if checked.findings.num_rows else None
        self.finding_count = checked.findings.num_rows
        self.count = len(checked)
        valid = records.column("valid").combine_chunks()
        self.valid = int(pc.sum(valid).as_py() or 0)
        self.wordings, self._wording = _wordings(records)
        self._records = records
        self._valid = valid
        self.callers = pc.value_counts(records.column("caller_number").drop_null())
        ends = pc.min(records.column("ends_at").filter(valid)).as_py()
        self.next_end = 0 if ends is None else int(ends)

    def keyed_wordings(self, run_no: int) -> pa.Table:
        """Return the distinct texts of the chunk, as rows of `wordings`."""
        first = row_key(run_no, self.first_row)
        keys = pa.array(np.arange(first, first + self.wordings.num_rows))
        return self.wordings.add_column(0, "id", keys)

    def rows(self, run_no: int, *, valid: bool) -> pa.Table:
        """Return the chunk's valid or invalid rows, as rows of `rows`."""
        records = self._records
        first = row_key(run_no, self.first_row)
        base = run_no << ROW_BITS
        columns = {
            "id": pa.array(records.column("row").to_numpy() + base),
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
            columns["code"] = records.column("code")
        table = pa.table(columns)
        if valid and self.valid == self.count:
            return table
        return table.filter(self._valid if valid else pc.invert(self._valid))


def _wordings(records: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """Return the distinct (label_id, name, reason) of the rows, and each row's place among them."""
    codes = np.zeros(records.num_rows, dtype=np.int64)
    span = 1
    for name in _TEXTS:
        column = records.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        indices = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        count = max(1, len(column.dictionary))
        span *= count
        if span > _WIDEST:
            # Made dense again, so that the product can't overflow.
            _, codes = np.unique(codes, return_inverse=True)
            span = records.num_rows * count
        codes = codes * count + indices
    # Numbered in the order of their first rows, so a first row is where the highest place rises.
    places = pa.array(codes).dictionary_encode().indices.to_numpy().astype(np.int64)
    firsts = np.flatnonzero(np.diff(np.maximum.accumulate(places), prepend=-1))
    distinct = records.select(_TEXTS).take(pa.array(firsts))
    return distinct.rename_columns(["label_id", "name", "reason"]), places


def _without_constant_times(rows: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """Take out the times that are the same in all rows, as --start and --window make them."""
    same: dict[str, int] = {}
    for name in _TIMES:
        ends = pc.min_max(rows.column(name)).as_py()
        if not rows.column(name).null_count and ends["min"] == ends["max"]:
            same[name] = ends["min"]
    return rows.drop_columns(list(same)), same


def _postings(records: pa.Table, first_row: int) -> list[tuple[int, bytes]]:
    if records.column("receiver_number").null_count:
        records = records.filter(records.column("receiver_number").is_valid())
    identities = records.column("identity").fill_null(receiver_index.NO_IDENTITY)
    return receiver_index.packed(
        records.column("receiver_number").to_numpy(),
        identities.to_numpy(),
        records.column("row").to_numpy() - first_row,
    )


def add(transaction: Transaction, run_no: int, chunk: PackedChunk) -> None:
    """Write a chunk of a run."""
    first = row_key(run_no, chunk.first_row)
    transaction.insert("wordings", chunk.keyed_wordings(run_no))
    for valid, count in ((True, chunk.valid), (False, chunk.count - chunk.valid)):
        if count:
            state = int(RowState.READY if valid else RowState.INVALID)
            rows, same = _without_constant_times(chunk.rows(run_no, valid=valid))
            transaction.insert("rows", rows, run_no=run_no, state=state, **same)
    chunk_no = transaction.value(
        "INSERT INTO chunks (id, row_count, finding_count, cells, findings) VALUES (?, ?, ?, ?, ?)"
        " RETURNING chunk_no",
        first,
        chunk.count,
        chunk.finding_count,
        chunk.cells.result(),
        chunk.findings,
    )
    receiver_index.add(transaction, chunk_no, first, chunk.postings.result())
    transaction.many(
        "INSERT INTO callers (caller, first, row_count) VALUES (?, ?, ?)",
        [(found["values"], first, found["counts"]) for found in chunk.callers.to_pylist()],
    )
    transaction.run(
        "UPDATE runs SET row_count = row_count + ?, next_end = CASE"
        " WHEN row_count = 0 OR next_end > ? THEN ? ELSE next_end END WHERE run_no = ?",
        chunk.count,
        chunk.next_end,
        chunk.next_end,
        run_no,
    )
    invalid = chunk.count - chunk.valid
    counts.change(transaction, run_no, {RowState.READY: chunk.valid, RowState.INVALID: invalid})


def drop(transaction: Transaction, run_no: int) -> None:
    """Forget the rows of a run that has sent nothing."""
    first, last = row_range(run_no)
    transaction.run("DELETE FROM rows WHERE id BETWEEN ? AND ?", first, last)
    forget_chunks(transaction, run_no)
    transaction.run("UPDATE tallies SET row_count = 0 WHERE run_no = ?", run_no)
    transaction.run("UPDATE runs SET row_count = 0 WHERE run_no = ?", run_no)


def forget_chunks(transaction: Transaction, run_no: int) -> None:
    """Take away all that was written beside a run's rows."""
    first, last = row_range(run_no)
    chunks = transaction.all(
        "SELECT chunk_no, id FROM chunks WHERE id BETWEEN ? AND ?", first, last
    )
    receiver_index.remove(transaction, [chunk_no for chunk_no, _ in chunks])
    transaction.run("DELETE FROM callers WHERE first BETWEEN ? AND ?", first, last)
    transaction.run("DELETE FROM wordings WHERE id BETWEEN ? AND ?", first, last)
    transaction.run("DELETE FROM chunks WHERE id BETWEEN ? AND ?", first, last)


def mark_duplicates(
    transaction: Transaction, run_no: int, rows: Sequence[int], first_rows: Sequence[int]
) -> None:
    """Let rows that equal an earlier row of the file become DUPLICATE, naming that row."""
    marked = transaction.many(
        MARK_DUPLICATE,
        [
            (f"the same record stands in row {int(first)} of this file", row_key(run_no, int(row)))
            for row, first in zip(rows, first_rows, strict=True)
        ],
    )
    counts.change(transaction, run_no, {RowState.READY: -marked, RowState.DUPLICATE: marked})
