"""Parquet: its rows as text, typed cells as the contract writes them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT, text_of
from bulkcall.load.workbook_process.rows import MOST_COLUMNS, Mark, RefusedError, SheetName

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH: Final = 20_000


class Parquet:
    """A Parquet file; it has one sheet without a name."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._file: Any = pq.ParquetFile(stream)
            self._schema: Any = self._file.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            text = " ".join(str(error).split())[:200]
            raise RefusedError(f"the Parquet file is damaged ({text}); write it again") from error
        if len(self._schema.names) > MOST_COLUMNS:
            raise RefusedError(f"a Parquet file of {len(self._schema.names):,} columns")
        self.sheets = [SheetName("", visible=True)]

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""
        return [str(name) for name in self._schema.names]

    def batches(self) -> Iterator[tuple[list[pa.Array], dict[int, dict[int, tuple[Mark, str]]]]]:
        """Yield some rows as columns of text, with row → column → mark."""
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, use_threads=False):
                marks: dict[int, dict[int, tuple[Mark, str]]] = {}
                columns = [_texts(column, at, marks) for at, column in enumerate(batch.columns)]
                yield columns, marks
        except (pa.ArrowException, OSError, ValueError) as error:
            text = " ".join(str(error).split())[:200]
            raise RefusedError(f"the Parquet file is damaged ({text}); write it again") from error


def _texts(column: pa.Array, at: int, marks: dict[int, dict[int, tuple[Mark, str]]]) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            column = column.cast(pa.large_binary())
        else:
            plain = column.cast(pa.string()).fill_null("")
            return pc.utf8_rtrim(plain, DAY + MOMENT)
    elif pa.types.is_integer(kind):
        return column.cast(pa.string()).fill_null("")
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    texts: list[str] = []
    for row, value in enumerate(column):
        try:
            texts.append(_text(value.as_py()) if value.is_valid else "")
        except (ValueError, OverflowError, pa.ArrowException) as error:
            marks.setdefault(row, {})[at] = Mark.UNREADABLE, " ".join(str(error).split())[:80]
            texts.append("")
    return pa.array(texts, pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict | list | tuple):
        raise ValueError("a list or a record, not a text")  # noqa: TRY004 - as all odd cells
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return ""  # what pandas writes for no number
        raise ValueError("not a number")
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else format(value, "f")
    if isinstance(value, dt.datetime):
        return text_of(value) + MOMENT
    return text_of(value) + (DAY if isinstance(value, dt.date) else "")
