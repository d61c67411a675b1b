"""Damage that shows as a pattern in a column: what happened, how often, how to avoid it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkcall.records import CampaignFile, CheckedChunk

_SEVERAL: Final = 3
"""Fewer cells than this are slips, not damage of the column."""
_SHARE: Final = 0.01


class Doctor:
    """Looks at every checked chunk of a file and says what happened to it."""

    def __init__(self, file: CampaignFile) -> None:
        self._file = file
        self._rows = 0
        self._rules: Counter[tuple[str, str]] = Counter()
        self._repeats = (0, 0)

    def add(self, checked: CheckedChunk) -> None:
        """Take a chunk's findings in."""
        self._rows += len(checked)
        counts = checked.findings.group_by(["field", "rule"]).aggregate([([], "count_all")])
        for entry in counts.to_pylist():
            self._rules[entry["field"], entry["rule"]] += entry["count_all"]

    def note_repeats(self, repeats: int, valid: int) -> None:
        """Tell how many valid rows an earlier run has sent already."""
        self._repeats = (repeats, valid)

    def lines(self) -> list[str]:
        """One line a kind of damage, the commonest first."""
        return []
