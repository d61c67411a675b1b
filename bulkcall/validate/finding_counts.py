"""Which codes a chunk's findings name, how often, and where each is named first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa

_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class FindingCount:
    """One reason in one field: how many cells have it, and the first of those findings."""

    field: str
    code: str
    count: int
    first: dict[str, Any]


def count_findings(findings: pa.Table) -> list[FindingCount]:
    """Count the findings of a table (`CheckedChunk.findings`) by field and code."""
    if not findings.num_rows:
        return []
    # Not by `group_by`: importing what it needs takes longer than many files' whole validation.
    names = pc.binary_join_element_wise(findings["field"], findings["code"], _BETWEEN)
    encoded = names.combine_chunks().dictionary_encode()
    _, places, counts = np.unique(encoded.indices.to_numpy(), return_index=True, return_counts=True)
    found = []
    for name, place, count in zip(
        encoded.dictionary.to_pylist(), places.tolist(), counts.tolist(), strict=True
    ):
        field, _, code = name.partition(_BETWEEN)
        found.append(FindingCount(field, code, count, findings.slice(place, 1).to_pylist()[0]))
    return found
