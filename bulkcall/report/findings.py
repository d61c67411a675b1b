"""Several findings of one row as one; and text of a row that stands in none of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import RowRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BETWEEN = "; "
_OUT_OF_STEP = pa.array(
    [str(RowRule.SURPLUS_CELLS), str(RowRule.BROKEN_QUOTES), str(RowRule.CELL_UNREADABLE)]
)
"""Faults that the row's own cells don't show."""


class FindingStream:
    """A run's findings in row order, given out forwards only, so that few are held at a time."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._held: pa.Table | None = next(tables, None)

    def up_to(self, row: int) -> pa.Table | None:
        """Take the findings of rows up to this one; None where there are none left."""
        taken = []
        while self._held is not None:
            count = int(np.searchsorted(self._held.column("row").to_numpy(), row, side="right"))
            taken.append(self._held.slice(0, count))
            if count < self._held.num_rows:
                self._held = self._held.slice(count)
                break
            self._held = next(self._tables, None)
        return pa.concat_tables(taken) if taken else None


def surplus_texts(findings: pa.Table | None) -> dict[int, str]:
    """Return row → text of it that stands in none of its cells (`RowFault.surplus`)."""
    if findings is None or not findings.num_rows:
        return {}
    chosen = findings.filter(pc.is_in(findings.column("code"), _OUT_OF_STEP))
    rows, values = chosen.column("row").to_pylist(), chosen.column("value").to_pylist()
    codes = chosen.column("code").to_pylist()
    return {row: value or code for row, value, code in zip(rows, values, codes, strict=True)}


def joined_findings(findings: pa.Table | None) -> dict[int, tuple[str, str]]:
    """Return row → (fields, messages) for the rows that have more than one finding.

    In the findings' own order, the most helpful first; a field or message is named once.
    """
    if findings is None or findings.num_rows < 2:  # noqa: PLR2004 - one finding has nothing to be joined with
        return {}
    rows = findings.column("row").to_numpy()
    distinct, counts = np.unique(rows, return_counts=True)
    several = np.isin(rows, distinct[counts > 1])
    chosen = findings.filter(pa.array(several))
    fields: dict[int, dict[str, None]] = {}
    messages: dict[int, dict[str, None]] = {}
    for row, field, message in zip(
        chosen.column("row").to_pylist(),
        chosen.column("field").to_pylist(),
        chosen.column("message").to_pylist(),
        strict=True,
    ):
        fields.setdefault(row, {})[field or ""] = None
        messages.setdefault(row, {})[message or ""] = None
    return {
        row: (_BETWEEN.join(filter(None, fields[row])), _BETWEEN.join(filter(None, messages[row])))
        for row in fields
    }


def with_all_findings(
    rows: pa.Array, fields: pa.Array, messages: pa.Array, joined: Mapping[int, tuple[str, str]]
) -> tuple[pa.Array, pa.Array]:
    """Put the joined texts in the place of the first finding, for the rows that have several."""
    if not joined:
        return fields, messages
    new_fields, new_messages = fields.to_pylist(), messages.to_pylist()
    for place, row in enumerate(rows.to_pylist()):
        if row in joined:
            new_fields[place], new_messages[place] = joined[row]
    return pa.array(new_fields, pa.string()), pa.array(new_messages, pa.string())


def surplus_of(rows: pa.Array, texts: Mapping[int, str]) -> pa.Array | None:
    """Return each row's surplus text, empty where it has none; None where no row has any."""
    if not texts:
        return None
    return pa.array([texts.get(row, "") for row in rows.to_pylist()], pa.string())
