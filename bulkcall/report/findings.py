"""Several findings of one row as one field and one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BETWEEN = "; "


class FindingStream:
    """A run's findings in row order, given out forwards only, so that few are held at a time."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._held: pa.Table | None = next(tables, None)

    def up_to(self, row: int) -> dict[int, tuple[str, str]]:
        """Take the findings of rows up to this one; as `joined_findings` gives them."""
        taken = []
        while self._held is not None:
            count = int(np.searchsorted(self._held.column("row").to_numpy(), row, side="right"))
            taken.append(self._held.slice(0, count))
            if count < self._held.num_rows:
                self._held = self._held.slice(count)
                break
            self._held = next(self._tables, None)
        return joined_findings(pa.concat_tables(taken)) if taken else {}


def joined_findings(findings: pa.Table) -> dict[int, tuple[str, str]]:
    """Give row → (fields, messages) for the rows that have more than one finding.

    In the findings' own order, the most helpful first; a field or message is named once.
    """
    if findings.num_rows < 2:  # noqa: PLR2004 - one finding has nothing to be joined with
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
