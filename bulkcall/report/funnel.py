"""What became of the rows, as steps: file → valid → sent → accepted → confirmed, nothing hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAGES = (
    ("In the file", (Outcome.INVALID, Outcome.DUPLICATE)),
    ("Valid, each once", (Outcome.UNSENT, Outcome.EXPIRED, Outcome.FAILED)),
    ("Sent, or perhaps sent", (Outcome.REFUSED, Outcome.UNKNOWN)),
    ("Accepted", (Outcome.ERROR, Outcome.MISSING, Outcome.PENDING)),
    ("Confirmed", ()),
)
"""Each step, and the outcomes that leave the way after it; together they are all eleven words."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Rows that go no further than a step."""

    outcome: Outcome
    rows: int
    start: float
    """Where its piece of the bar begins, as a share of all rows."""
    share: float
    """Its piece of the bar, as a share of all rows."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way."""

    name: str
    rows: int
    share: float
    """Rows that got this far, as a share of all rows."""
    kept: float
    """Rows that get further, as a share of all rows."""
    leaving: tuple[Leaving, ...]


def funnel(outcomes: Mapping[Outcome, int]) -> tuple[Stage, ...]:
    """Return the steps; what leaves after a step is exactly what the next one has less."""
    total = max(1, sum(outcomes.values()))
    left = sum(outcomes.values())
    steps = []
    for name, leavers in _STAGES:
        kept = left - sum(outcomes[each] for each in leavers)
        start = kept
        leaving = []
        for each in leavers:
            if outcomes[each]:
                leaving.append(Leaving(each, outcomes[each], start / total, outcomes[each] / total))
                start += outcomes[each]
        steps.append(Stage(name, left, left / total, kept / total, tuple(leaving)))
        left = kept
    return tuple(steps)
