"""The batches that are watched, and which of them to ask for next. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.reconcile.settling import SETTLE_ANSWERS, Readiness, Settling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.reconcile.server_habits import Habit
    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.reconcile.verdict import Matching, Verdict

GROWTH = 1.7
LONGEST = 30.0
"""Seconds between two polls of a batch, at most."""
SHORTEST = 0.3
JITTER = 0.2
LAST_LOOK = 1.0
"""Seconds before the end of the wait at which each open batch is to be asked for once more."""
LOOKS_LEFT = 8
"""No pause is longer than this part of the wait that is left: many looks also in a short one."""


@dataclass(slots=True)
class BatchWatch:
    """One accepted batch whose status is asked. Times are monotonic seconds."""

    batch: int
    batch_id: str
    size: int
    settling: Settling
    due: float
    misses: int = 0
    """Polls in a row that told nothing new."""
    open_rows: int = 0
    """Rows whose end is not known."""
    asking: bool = False
    done: bool = False
    """Nothing more is to be learned in this process."""
    problem: str = ""
    """Why the last poll brought no answer; empty if it did."""
    digest: bytes = b""
    """Of the latest answer's elements: an equal answer need not be read again."""
    known: tuple[Habit, ...] = ()
    """The server's habits that were known when it was read: a new one may tell more."""
    matching: Matching | None = None
    shown: int = 0
    """Hash of the latest listing, whatever its order."""
    whole: bool = False
    """The latest listing shows something, and all of it is final."""
    odd: str = ""
    """What of the latest answer could not be read, in one line."""
    said: dict[int, Verdict] = field(default_factory=dict)
    """Row → what was last written down of it."""
    strangers: Sequence[StatusRecord] | None = None
    """The unexpected records that were last written down."""


def first_due(now: float, age: float, *, readiness: Readiness, wait: float) -> float:
    """Say when to ask for a batch first, that was accepted `age` seconds ago.

    Batches of the run may take longer than the whole wait: it is asked for all the same.
    """
    return now + min(max(0.0, readiness.seconds - age), max(SHORTEST, wait / 2))


def next_due(
    watch: BatchWatch,
    now: float,
    *,
    readiness: Readiness,
    chance: float,
    end: float | None,
    wait: float,
) -> float:
    """Say when to ask for a batch again.

    Args:
        watch: the batch, its latest answer taken note of.
        now: monotonic seconds.
        readiness: how long batches of this run take.
        chance: a random number from 0 to 1, so that batches don't come in step.
        end: when the wait is over; None while rows are still being sent.
        wait: how long the wait is, in seconds.
    """
    settling = watch.settling
    left = wait if end is None else end - now
    longest = min(LONGEST, max(SHORTEST, left / LOOKS_LEFT))
    if settling.whole and not watch.problem:
        # All that is listed is final: the remaining polls only show that nothing more comes.
        delay = settling.seconds / (SETTLE_ANSWERS - 1) + 0.05
        settled_in = settling.alike_since + settling.seconds - now
        delay = min(delay, max(SHORTEST, settled_in + 0.05))
    else:
        start = max(SHORTEST, readiness.seconds / 2)
        delay = start * GROWTH ** min(watch.misses, 12)
        delay *= 1 + JITTER * (2 * chance - 1)
    due = now + min(delay, longest)
    if end is not None and due > end - LAST_LOOK > now:
        return end - LAST_LOOK
    return due


def most_worth(watches: Iterable[BatchWatch], now: float) -> list[BatchWatch]:
    """Return the batches whose time has come: most rows confirmed by one request first."""
    due = [watch for watch in watches if not (watch.done or watch.asking) and watch.due <= now]
    due.sort(key=lambda watch: (watch.misses > 0, -watch.open_rows, watch.due, watch.batch))
    return due
