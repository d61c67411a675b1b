"""The one shape that every reader returns: text columns, line numbers, faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.errors import CampaignFileError
from bulkcall.load.csv_tolerant import is_blank
from bulkcall.records import RowFault, RowRule
from bulkcall.support.blanks import is_blank_text
from bulkcall.support.formula_escape import unescape_formulas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bulkcall.records import Field


@dataclass(frozen=True, slots=True)
class Rows:
    """Some consecutive rows that are not blank.

    `cells` has string columns "0", "1", …; `lines` is int64, the line on which each row starts;
    `faults` maps the index of a row to why it can't be trusted.
    """

    cells: pa.Table
    lines: pa.Array
    faults: Mapping[int, RowFault] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the rows."""
        return int(self.cells.num_rows)


def names_of(width: int) -> list[str]:
    """Return the column names of a table of so many columns."""
    return [str(i) for i in range(width)]


def shape(
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    width: int,
    faults: Mapping[int, RowFault] | None = None,
) -> Rows:
    """Return ragged rows with `width` columns: short ones are filled, surplus cells make faults.

    Blank rows (`is_blank`) are left out.
    """
    kept: list[Sequence[str]] = []
    kept_lines: list[int] = []
    kept_faults: dict[int, RowFault] = {}
    empty = [""] * width
    for index, (row, line) in enumerate(zip(rows, lines, strict=True)):
        fault = faults.get(index) if faults else None
        cells = row
        if len(row) < width:
            cells = [*row, *empty[len(row) :]]
        elif len(row) > width:
            cells = row[:width]
            surplus = [cell for cell in row[width:] if not is_blank_text(cell)]
            if surplus and fault is None:
                fault = surplus_fault(width, len(row), surplus)
        if fault is not None:
            kept_faults[len(kept)] = fault
        elif is_blank(cells):
            continue
        kept.append(cells)
        kept_lines.append(line)
    columns = zip(*kept, strict=True) if kept else [[] for _ in range(width)]
    arrays = [pa.array(column, pa.string()) for column in columns]
    return Rows(
        pa.table(arrays, names=names_of(width)), pa.array(kept_lines, pa.int64()), kept_faults
    )


def surplus_fault(width: int, found: int, surplus: Sequence[str]) -> RowFault:
    """Return the fault of a row that has a cell too many."""
    return RowFault(
        RowRule.SURPLUS_CELLS,
        f"{found} cells where the header has {width}: {surplus[0][:40]!r} belongs to no column; "
        "put quotes around cells that hold the delimiter, or correct the row and delete the "
        "surplus cell",
        surplus=", ".join(surplus),
    )


def without_blanks(rows: Rows) -> Rows:
    """Leave out rows whose cells are all empty, or hold nothing but blanks."""
    full = rows_with_text(rows.cells)
    if full.all():
        return rows
    kept = pa.array(full)
    return Rows(rows.cells.filter(kept), rows.lines.filter(kept), rows.faults)


def rows_with_text(cells: pa.Table) -> NDArray[np.bool_]:
    """Return which rows have a cell that shows something."""
    full = np.zeros(cells.num_rows, bool)
    for column in cells.columns:
        # What begins with a visible character of ASCII is not blank; the rest is looked at.
        full |= pc.and_(pc.greater_equal(column, "!"), pc.less(column, "\x7f")).to_numpy()
        if full.all():
            return full
    for at in np.flatnonzero(~full).tolist():
        full[at] = not is_blank(column[at].as_py() for column in cells.columns)
    return full


def finished(rows: Rows, max_cell: int) -> Rows:
    """Take off the quotes that make cells inert, and hold the cells to their limit.

    Raises:
        CampaignFileError: a cell is longer than `max_cell` bytes.
    """
    for index, column in enumerate(rows.cells.columns):
        lengths = pc.binary_length(column)
        if (pc.max(lengths).as_py() or 0) > max_cell:
            at = pc.index(pc.greater(lengths, max_cell), value=True).as_py()
            raise CampaignFileError(
                f"line {rows.lines[at].as_py()}, column {index + 1}: a cell of "
                f"{lengths[at].as_py():,} bytes; the limit is {max_cell:,}"
            )
    columns = [unescape_formulas(column) for column in rows.cells.columns]
    return Rows(pa.table(columns, names=rows.cells.column_names), rows.lines, rows.faults)


def nul_faults(
    rows: Rows, fields: Mapping[Field, int], columns: Sequence[str]
) -> dict[int, RowFault]:
    """Return index → fault of the rows with a NUL in a column that a record is made of."""
    found: dict[int, RowFault] = {}
    for index in fields.values():
        column = rows.cells.column(index)
        if not any(_may_hold_nul(chunk) for chunk in column.chunks):
            continue
        for at in pc.indices_nonzero(pc.match_substring(column, "\0")).to_pylist():
            message = (
                f"column {columns[index]!r} holds a NUL character: the file was damaged when it "
                "was written or copied; export it again"
            )
            found.setdefault(at, RowFault(RowRule.NUL, message, index))
    return found


def _may_hold_nul(column: pa.Array) -> bool:
    texts = column.buffers()[2]
    return texts is not None and texts.size > 0 and not np.frombuffer(texts, np.uint8).all()
