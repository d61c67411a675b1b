"""XLSX, XLS and ODS: one sheet's rows, read by a process of its own (workbook_process/)."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.load.csv_tolerant import is_blank
from bulkcall.load.rows import Rows, finished, names_of, surplus_fault, without_blanks
from bulkcall.load.source import DAMAGE
from bulkcall.load.workbook_process import DAY
from bulkcall.records import Field, RowFault, RowRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Self

    from bulkcall.load.options import LoadOptions
    from bulkcall.load.source import Source

_CHUNK = 100_000
NOT_COMPUTED = "#UNCOMPUTED!"
"""The text of a cell whose formula has no stored value: an error word, as validation knows it."""
_CPU_SECONDS = 900
_MARKED = rf"^(\d{{4}}-\d\d-\d\d){DAY}$"


class Sheet:
    """One sheet of a workbook, open for reading; a context manager.

    Raises (all methods):
        CampaignFileError: the workbook is damaged, encrypted or beyond a limit.
        UsageError: the workbook has no such sheet.
    """

    def __init__(self, source: Source, options: LoadOptions) -> None:
        self._source = source
        self._limit = options.max_workbook
        _check_size(source, options)
        # A workbook takes several times its own size: its parts, its cells, and their texts.
        asked = {
            "sheet": options.sheet,
            "memory": 2 * options.max_workbook + (1 << 30),
            "seconds": _CPU_SECONDS,
        }
        source.stream.seek(0)
        self._reader = subprocess.Popen(  # noqa: S603 - our own module, under our own Python
            [sys.executable, "-P", "-m", "bulkcall.load.workbook_process", json.dumps(asked)],
            stdin=source.stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for the run, not for its reader
        )
        try:
            self.name = self._begin()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the reader."""
        if self._reader.stdout is not None:
            self._reader.stdout.close()
        self._reader.kill()
        self._reader.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the sheet's rows, from its first on, blank ones included."""
        try:
            with pa.ipc.open_stream(self._reader.stdout) as stream:
                yield from stream
            if self._reader.wait() != 0:
                raise self._died()
        except (pa.ArrowInvalid, OSError) as error:
            raise self._died() from error

    def _begin(self) -> str:
        stdout = self._reader.stdout
        said = json.loads(stdout.readline() or "null") if stdout else None
        if said is None:
            raise self._died()
        if "error" in said:
            if said.get("usage"):
                raise UsageError(f"{self._source.path}: {said['error']}")
            raise self._source.error(said["error"])
        return str(said["sheet"])

    def _died(self) -> CampaignFileError:
        status = self._reader.wait()
        return self._source.error(
            "the workbook can't be read: it is damaged, or takes more than "
            f"{2 * self._limit + (1 << 30):,} bytes of memory (reader ended with {status}); "
            "save the sheet as CSV"
        )


def _check_size(source: Source, options: LoadOptions) -> None:
    if source.kind == "xls":
        return
    try:
        with zipfile.ZipFile(source.stream) as archive:
            total = sum(member.file_size for member in archive.infolist())
    except DAMAGE as error:
        raise source.error(f"a damaged workbook: {error}") from error
    if total > options.max_workbook:
        raise source.error(
            f"the workbook unpacks to {total:,} bytes; the limit is {options.max_workbook:,}; "
            "save the sheet as CSV"
        )


def read_rows(
    batches: Iterator[pa.RecordBatch],
    columns: Sequence[str],
    fields: Mapping[Field, int],
    options: LoadOptions,
    *,
    line: int,
) -> Iterator[Rows]:
    """Give the rows below the header in chunks, without blank ones.

    Args:
        batches: Rows as they stand in the sheet, the first of them on row `line`.
        columns: The header.
        fields: Which columns a record is made of; elsewhere an error shown is only text.
        options: For the limits.
        line: Row of the sheet, counted from 1.
    """
    needed = {index: columns[index] for index in fields.values()}
    times = {fields[field] for field in (Field.STARTS_AT, Field.ENDS_AT) if field in fields}
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= _CHUNK:
            yield from _shaped(_unmarked(held, times), len(columns), needed, options, line)
            line += count
            held, count = [], 0
    if held:
        yield from _shaped(_unmarked(held, times), len(columns), needed, options, line)


def _unmarked(batches: Sequence[pa.RecordBatch], times: AbstractSet[int]) -> pa.Table:
    """Write out what date cells without a time of day hold: a day, or a midnight if times stand."""
    table = pa.Table.from_batches(batches).combine_chunks()
    for index in range(table.num_columns - 1):
        column = table.column(index)
        if pc.any(pc.match_substring(column, DAY)).as_py():
            written = r"\1T00:00:00" if index in times else r"\1"
            plain = pc.replace_substring_regex(column, _MARKED, written)
            table = table.set_column(index, table.field(index), plain)
    return table


def _shaped(
    table: pa.Table,
    width: int,
    needed: Mapping[int, str],
    options: LoadOptions,
    line: int,
) -> Iterator[Rows]:
    lines = pa.array(np.arange(line, line + table.num_rows), pa.int64())
    rows = without_blanks(Rows(table, lines))
    own = table.num_columns - 1
    cells = rows.cells.select(range(min(width, own)))
    for name in names_of(width)[cells.num_columns :]:
        cells = cells.append_column(name, pa.array([""] * len(rows), pa.string()))
    faults: dict[int, RowFault] = {}
    errors: dict[int, dict[int, str]] = {}
    for at, note in _filled(rows.cells.column(own)):
        for index, shown in json.loads(note).items():
            if int(index) in needed:
                faults.setdefault(at, _unshown_fault(int(index), needed[int(index)], shown))
                errors.setdefault(int(index), {})[at] = shown or NOT_COMPUTED
    cells = _with_texts(cells, errors)
    for index in range(width, own):
        for at, cell in _filled(rows.cells.column(index)):
            if is_blank([cell]):
                continue
            faults.setdefault(at, surplus_fault(width, index + 1, [cell]))
    if len(rows):
        yield finished(Rows(cells, rows.lines, faults), options.max_cell)


def _with_texts(cells: pa.Table, texts: Mapping[int, Mapping[int, str]]) -> pa.Table:
    """Put texts (column → row → text) into cells: an error is invalid wherever its text goes."""
    for index, by_row in texts.items():
        column = cells.column(index).to_pylist()
        for at, text in by_row.items():
            column[at] = text
        cells = cells.set_column(index, str(index), pa.array(column, pa.string()))
    return cells


def _filled(column: pa.ChunkedArray) -> Iterator[tuple[int, str]]:
    for at in pc.indices_nonzero(pc.not_equal(column, "")).to_pylist():
        yield at, column[at].as_py()


def _unshown_fault(index: int, column: str, shown: str) -> RowFault:
    if shown:
        return RowFault(
            RowRule.CELL_ERROR, f"column {column!r} shows the error {shown}; fix its formula", index
        )
    return RowFault(
        RowRule.FORMULA_NOT_COMPUTED,
        f"column {column!r} holds a formula that was never computed; open the workbook in a "
        "spreadsheet program and save it",
        index,
    )
