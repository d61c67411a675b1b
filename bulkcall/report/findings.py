"""Several findings of one row as one field and one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_BETWEEN = "; "


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
