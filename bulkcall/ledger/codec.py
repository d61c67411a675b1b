"""Between Arrow, Python values and bytes."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from bulkcall.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ZSTD = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))


def packed(table: pa.Table) -> bytes:
    """Return a table as a compressed Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_ZSTD) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def unpacked(blob: bytes) -> pa.Table:
    """Return the table that `packed` was given. Raises LedgerError where the bytes are damaged."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(blob)) as reader:
            return reader.read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LedgerError(
            "the ledger is damaged: what a run loaded can't be unpacked; restore it from a backup"
        ) from error


def packed_numbers(numbers: Sequence[int]) -> bytes:
    """Return whole numbers as bytes, eight each."""
    return array.array("q", numbers).tobytes()


def unpacked_numbers(blob: bytes) -> list[int]:
    """Return the numbers that `packed_numbers` was called with."""
    numbers = array.array("q")
    numbers.frombytes(blob)
    return numbers.tolist()


def python_rows(table: pa.Table, together: int) -> Iterator[list[Any]]:
    """Return a table's values, row after row in one list, of so many rows a list.

    Whole numbers without a gap stay numpy's until their turn: what was made just now is bound from
    the processor's cache, and memory holds a few hundred of them, not all.
    """
    width, step = table.num_columns, together * table.num_columns
    if all(column.type == pa.int64() and not column.null_count for column in table.columns):
        numbers = np.column_stack([column.to_numpy() for column in table.columns]).ravel()
        for first in range(0, len(numbers), step):
            yield numbers[first : first + step].tolist()
        return
    values: list[Any] = [None] * (width * table.num_rows)
    for place, column in enumerate(table.columns):
        values[place::width] = _python_values(column)
    for first in range(0, len(values), step):
        yield values[first : first + step]


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    if column.null_count == len(column):
        return [None] * len(column)
    # numpy makes the list of a whole column of numbers several times as fast as Arrow does.
    if pa.types.is_integer(column.type) and column.null_count == 0:
        return list(column.to_numpy().tolist())
    return list(column.to_pylist())


def storable(text: str | None) -> str | None:
    """Return a text that any database takes: a server may answer with half a character, or none."""
    if text is None or (text.isascii() and "\x00" not in text):
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
