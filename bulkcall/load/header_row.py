"""Finding the header of a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from bulkcall.load.csv_tolerant import is_blank
from bulkcall.load.header import known_columns
from bulkcall.load.workbook_process import DAY, HIDDEN, MOMENT, NUMBER, OWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_LOOK_ROWS = 30
"""Rows to look at below a first row without a known column."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """The header of a sheet, and the rows below it."""

    columns: tuple[str, ...]
    line: int
    """Row of the sheet, from 1."""
    below: Iterator[pa.RecordBatch]
    title_hint: str
    """Where a later row looks like the header, a sentence that says so."""


def find_header(batches: Iterator[pa.RecordBatch], *, skip_hidden: bool) -> HeaderRow | None:
    """Take the first row that is not blank (nor hidden, if those are skipped); None: all are."""
    for batch in batches:
        for at in range(batch.num_rows):
            columns = _row(batch, at)
            if is_blank(columns) or (skip_hidden and batch.column(HIDDEN)[at].as_py()):
                continue
            while not columns[-1]:
                columns.pop()
            below = batch.slice(at + 1)
            line = batch.column(NUMBER)[at].as_py()
            return HeaderRow(tuple(columns), line, chain((below,), batches), _hint(columns, below))
    return None


def _row(batch: pa.RecordBatch, at: int) -> list[str]:
    own = batch.columns[:-OWN_COLUMNS]
    return [column[at].as_py().rstrip(DAY + MOMENT) for column in own]


def _hint(columns: list[str], below: pa.RecordBatch) -> str:
    if known_columns(columns):
        return ""
    for at in range(min(_LOOK_ROWS, below.num_rows)):
        if known_columns(_row(below, at)) > 1:
            line = below.column(NUMBER)[at].as_py()
            return f"row {line} looks like the header; delete what stands above it"
    return ""
