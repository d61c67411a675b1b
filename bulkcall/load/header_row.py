"""Finding the header of a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from bulkcall.load.csv_tolerant import is_blank
from bulkcall.load.header import known_columns
from bulkcall.load.workbook_process import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_LOOK = 30
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


def find_header(batches: Iterator[pa.RecordBatch]) -> HeaderRow | None:
    """Take the first row that is not blank; None where all are. The last column is no cell."""
    line = 1
    for batch in batches:
        at = 0
        while at < batch.num_rows and is_blank(_row(batch, at)):
            at += 1
        if at < batch.num_rows:
            columns = _row(batch, at)
            while not columns[-1]:
                columns.pop()
            header = line + at
            below = batch.slice(at + 1)
            return HeaderRow(
                tuple(columns), header, chain((below,), batches), _hint(columns, below, header)
            )
        line += batch.num_rows
    return None


def _row(batch: pa.RecordBatch, at: int) -> list[str]:
    return [column[at].as_py().removesuffix(DAY) for column in batch.columns[:-1]]


def _hint(columns: list[str], below: pa.RecordBatch, header: int) -> str:
    if known_columns(columns):
        return ""
    for at in range(min(_LOOK, below.num_rows)):
        if known_columns(_row(below, at)) > 1:
            return f"row {header + 1 + at} looks like the header; delete what stands above it"
    return ""
