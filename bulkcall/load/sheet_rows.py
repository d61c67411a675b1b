"""From a sheet's batches to rows as every reader returns them, with what a person should know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.load.csv_tolerant import is_blank
from bulkcall.load.rows import Rows, finished, names_of, rows_with_text, surplus_fault
from bulkcall.load.workbook_process import DAY, HIDDEN, MARKS, MOMENT, NUMBER, OWN_COLUMNS
from bulkcall.records import Field, RowFault, RowRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bulkcall.load.options import LoadOptions

_CHUNK_ROWS = 100_000
_CHUNK_CELLS = 16_000_000
NOT_COMPUTED = "#UNCOMPUTED!"
"""The text of a cell whose formula has no stored value: an error word, as validation knows it."""
_WORDS = {RowRule.FORMULA_NOT_COMPUTED: NOT_COMPUTED, RowRule.CELL_UNREADABLE: "#VALUE!"}
_SURPLUS = "surplus"
"""Column of what is read, JSON: the number of a row's first surplus cell, and its text."""
_DAY = rf"^(\d{{4}}-\d\d-\d\d){DAY}$"
_DATE_TEXT = r"^\s*\d{1,4}\s?[./-]\s?(\d{1,2}|[A-Za-z]{3,9})\s?[./-]\s?\d{1,4}"


class SheetRows:
    """The rows below the header, without blank ones; counts what `notes` says in the end."""

    def __init__(
        self, columns: Sequence[str], fields: Mapping[Field, int], options: LoadOptions
    ) -> None:
        self._columns = columns
        self._fields = fields
        self._options = options
        self._needed = frozenset(fields.values())
        self._hidden = 0
        self._left_out = 0
        self._rows = 0
        self._times = {
            field: fields[field] for field in (Field.STARTS_AT, Field.ENDS_AT) if field in fields
        }
        self._typed = dict.fromkeys(self._times, 0)
        self._written = dict.fromkeys(self._times, 0)
        self._first_typed = dict.fromkeys(self._times, 0)

    def read(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Rows]:
        """Yield the rows in chunks."""
        held: list[pa.Table] = []
        count = 0
        for batch in batches:
            held.append(self._own_columns(batch))
            count += batch.num_rows
            if count >= _CHUNK_ROWS or count * len(self._columns) >= _CHUNK_CELLS:
                yield from self._shaped(held)
                held, count = [], 0
        if held:
            yield from self._shaped(held)

    def notes(self) -> Iterator[str]:
        """Yield what a person should know, once all was read."""
        if self._left_out:
            yield (
                f"{self._left_out:,} rows are hidden in the sheet and were left out (--skip-hidden)"
            )
        if self._hidden:
            yield (
                f"{self._hidden:,} of {self._rows:,} rows are hidden in the sheet, by a filter or "
                "by hand, and are among those read; --skip-hidden leaves them out"
            )
        for field, index in self._times.items():
            if self._typed[field] and self._written[field]:
                yield (
                    f"{field}: column {self._columns[index]!r} mixes {self._typed[field]:,} typed "
                    f"dates (the first in sheet row {self._first_typed[field]:,}) with "
                    f"{self._written[field]:,} written as text: a spreadsheet may have swapped day "
                    "and month of the typed ones when they were entered; compare them with the "
                    "list that they come from"
                )

    def _own_columns(self, batch: pa.RecordBatch) -> pa.Table:
        """Return the header's columns and what is known of each row; surplus cells as a note."""
        width = len(self._columns)
        found = batch.num_columns - OWN_COLUMNS
        empty = pa.array([""] * batch.num_rows, pa.string())
        cells = [batch.column(at) if at < found else empty for at in range(width)]
        beyond: dict[int, tuple[int, list[str]]] = {}
        for index in range(width, found):
            for at, cell in _filled(batch.column(index)):
                if not is_blank([cell]):
                    held = beyond.setdefault(at, (index + 1, []))[1]
                    held.append(cell.rstrip(DAY + MOMENT))
        surplus = [json.dumps(beyond[at]) if at in beyond else "" for at in range(batch.num_rows)]
        own = [batch.column(name) for name in (MARKS, HIDDEN, NUMBER)]
        names = [*names_of(width), MARKS, HIDDEN, NUMBER, _SURPLUS]
        return pa.table([*cells, *own, pa.array(surplus, pa.string())], names=names)

    def _shaped(self, tables: Sequence[pa.Table]) -> Iterator[Rows]:
        width = len(self._columns)
        table = pa.concat_tables(tables).combine_chunks()
        full = rows_with_text(table.select([*names_of(width), MARKS, _SURPLUS]))
        table = table.filter(pa.array(full))
        hidden = pc.sum(table.column(HIDDEN)).as_py() or 0
        if self._options.skip_hidden:
            self._left_out += hidden
            table = table.filter(pc.invert(table.column(HIDDEN)))
        else:
            self._hidden += hidden
        self._rows += table.num_rows
        if not table.num_rows:
            return
        for field, index in self._times.items():
            self._look_at_dates(field, table.column(index), table.column(NUMBER))
        faults, words = self._faults(table.column(MARKS))
        for at, note in _filled(table.column(_SURPLUS)):
            count, surplus = json.loads(note)
            faults.setdefault(at, surplus_fault(width, count, surplus))
        lines = table.column(NUMBER).combine_chunks()
        cells = _without_marks(table.select(range(width)), frozenset(self._times.values()))
        cells = _with_texts(cells, words)
        yield finished(Rows(cells, lines, faults), self._options.max_cell)

    def _look_at_dates(self, field: Field, column: pa.ChunkedArray, numbers: pa.Array) -> None:
        typed = pc.or_(pc.ends_with(column, DAY), pc.ends_with(column, MOMENT))
        count = pc.sum(typed).as_py() or 0
        if count and not self._typed[field]:
            self._first_typed[field] = numbers[pc.index(typed, value=True).as_py()].as_py()
        self._typed[field] += count
        written = pc.and_not(pc.match_substring_regex(column, _DATE_TEXT), typed)
        self._written[field] += pc.sum(written).as_py() or 0

    def _faults(
        self, marks: pa.ChunkedArray
    ) -> tuple[dict[int, RowFault], dict[int, dict[int, str]]]:
        """Return the rows' faults, and column → row → the word for a marked cell without text."""
        faults: dict[int, RowFault] = {}
        words: dict[int, dict[int, str]] = {}
        for at, note in _filled(marks):
            for column, (mark, shown) in json.loads(note).items():
                index = int(column)
                if index in self._needed:
                    fault = _mark_fault(index, self._columns[index], mark, shown)
                    faults.setdefault(at, fault)
                    words.setdefault(index, {})[at] = _WORDS.get(fault.rule, shown)
        return faults, words


def _mark_fault(index: int, column: str, mark: str, shown: str) -> RowFault:
    if mark == "error":
        return RowFault(
            RowRule.CELL_ERROR, f"column {column!r} shows the error {shown}; fix its formula", index
        )
    if mark == "unreadable":
        return RowFault(
            RowRule.CELL_UNREADABLE,
            f"column {column!r} holds a cell that can't be read ({shown}); write its value as text",
            index,
        )
    return RowFault(
        RowRule.FORMULA_NOT_COMPUTED,
        f"column {column!r} holds a formula that was never computed; open the workbook in a "
        "spreadsheet program and save it",
        index,
    )


def _without_marks(cells: pa.Table, times: frozenset[int]) -> pa.Table:
    """Write out what date cells hold: a day, or a midnight where the column holds times."""
    columns = []
    for index, column in enumerate(cells.columns):
        plain = column
        if pc.any(pc.match_substring(plain, DAY)).as_py():
            written = r"\1T00:00:00" if index in times else r"\1"
            plain = pc.replace_substring_regex(plain, _DAY, written)
        if pc.any(pc.match_substring(plain, MOMENT)).as_py():
            plain = pc.utf8_rtrim(plain, MOMENT)
        columns.append(plain)
    return pa.table(columns, names=cells.column_names)


def _with_texts(cells: pa.Table, words: Mapping[int, Mapping[int, str]]) -> pa.Table:
    """Put an error word into each marked cell without a text: it is invalid wherever it goes."""
    for index, by_row in words.items():
        column = cells.column(index).to_pylist()
        for at, word in by_row.items():
            column[at] = column[at] or word
        cells = cells.set_column(index, str(index), pa.array(column, pa.string()))
    return cells


def _filled(column: pa.ChunkedArray | pa.Array) -> Iterator[tuple[int, str]]:
    for at in pc.indices_nonzero(pc.not_equal(column, "")).to_pylist():
        yield at, column[at].as_py()
