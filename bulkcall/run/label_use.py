"""The label ids that a campaign file's rows name, and those the account does not have. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.records import CheckedChunk

MOST_IDS = 100_000
MOST_NAMED = 100
MOST_IDS_SHOWN = 3
MOST_ROWS_SHOWN = 5


@dataclass(slots=True)
class UnknownLabel:
    """One `label_id` that the account does not have."""

    label_id: str
    count: int
    rows: tuple[int, ...]
    """The first of its rows."""


@dataclass(slots=True)
class LabelUse:
    """Which label ids the valid rows of a campaign file name, and in which rows."""

    _found: dict[str, tuple[int, list[int]]] = field(default_factory=dict)
    _beyond: tuple[int, list[int]] = (0, [])
    """Rows of ids beyond those that are counted one by one; no account has so many labels."""

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, chunk: CheckedChunk) -> None:
        """Count a chunk's label ids."""
        import numpy as np  # noqa: PLC0415 - loading has imported it by now

        texts = chunk.records["label_id"].combine_chunks().dictionary_encode()
        codes = texts.indices.fill_null(-1).to_numpy()
        named = chunk.records["valid"].to_numpy() & (codes >= 0)
        codes, rows = codes[named], chunk.records["row"].to_numpy()[named]
        by_code = np.argsort(codes, kind="stable")
        present, starts, counts = np.unique(codes[by_code], return_index=True, return_counts=True)
        ids = texts.dictionary.to_pylist()
        for code, start, count in zip(
            present.tolist(), starts.tolist(), counts.tolist(), strict=True
        ):
            first = rows[by_code[start : start + min(count, MOST_ROWS_SHOWN)]].tolist()
            label_id = ids[code].lower()
            if label_id in self._found or len(self._found) < MOST_IDS:
                self._found[label_id] = _joined(self._found.get(label_id, (0, [])), count, first)
            else:
                self._beyond = _joined(self._beyond, count, first)

    def names(self, known: Mapping[str, str]) -> dict[str, str]:
        """Return id → name of the labels that rows name, as far as they are known; most rows first.

        At most `MOST_NAMED` of them: those that a report can show.
        """
        used = sorted(self._found, key=lambda each: -self._found[each][0])
        return {each: known[each] for each in used[:MOST_NAMED] if each in known}

    def unknown(self, known: Mapping[str, str]) -> list[UnknownLabel]:
        """Return the ids that are not among the known ones (in lower case), most rows first."""
        found = [*self._found.items(), *([("other ids", self._beyond)] if self._beyond[0] else [])]
        unknown = [
            UnknownLabel(label_id, count, tuple(rows))
            for label_id, (count, rows) in found
            if label_id not in known
        ]
        return sorted(unknown, key=lambda one: (-one.count, one.rows))


def _joined(before: tuple[int, list[int]], count: int, rows: list[int]) -> tuple[int, list[int]]:
    return before[0] + count, sorted([*before[1], *rows])[:MOST_ROWS_SHOWN]


def in_words(unknown: list[UnknownLabel]) -> str:
    """Return one line: how many rows name no label of the account, which ids, in which rows."""
    total = sum(one.count for one in unknown)
    named = "; ".join(_one_in_words(one) for one in unknown[:MOST_IDS_SHOWN])
    more = len(unknown) - MOST_IDS_SHOWN
    rest = f"; and {more:,} more ids" if more > 0 else ""
    return (
        f"{total:,} {'row names' if total == 1 else 'rows name'} a label_id that this account does "
        f"not have: {named}{rest} (`bulkcall labels` lists those it has)"
    )


def _one_in_words(one: UnknownLabel) -> str:
    rows = ", ".join(f"{row:,}" for row in one.rows)
    more = ", …" if one.count > len(one.rows) else ""
    return f"{one.label_id} in row{'s' if one.count > 1 else ''} {rows}{more}"
