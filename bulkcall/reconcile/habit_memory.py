"""What a run's listings have shown: the server's habits with times, and how rows were found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bulkcall.reconcile.evidence import tells
from bulkcall.reconcile.server_habits import AS_SENT, Habit, Kind, TimeRule
from bulkcall.records import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.reconcile.server_habits import Found
    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.reconcile.verdict import Matching

LEAST_RECORDS = 2
"""Records that a habit must explain to be believed in other listings too."""
_UNITS = (
    (86_400_000, "day"),
    (3_600_000, "hour"),
    (60_000, "minute"),
    (1000, "second"),
    (100, "tenth of a second"),
    (10, "hundredth of a second"),
)


class HabitMemory:
    """Shared by a run's sending and reconciling; each call is short and of one thread at a time."""

    def __init__(self) -> None:
        self._latest: Found | None = None
        self._known: list[Habit] = []
        self._batches: Counter[str] = Counter()
        self._rows: dict[str, Counter[Match]] = {}
        self._counted: dict[str, tuple[str, Counter[Match]]] = {}
        self._blind = False

    @property
    def known(self) -> Sequence[Habit]:
        """The habits that listings have shown so far, the latest first."""
        return self._known

    @property
    def stamp_unit_ms(self) -> int:
        """How near two times may be to look alike in batch status; 0: all look alike.

        1 as long as stamps tell rows apart, or numbers do.
        """
        if self._latest is None or not self._blind:
            return 1
        if not self._latest.tells:
            return 0
        return max(habit.ends.unit_ms for habit in self._latest.habits)

    def note(self, batch_id: str, listed: Iterable[StatusRecord], matching: Matching) -> None:
        """Take note of a batch's latest listing."""
        found = matching.habit
        if found is None or not found.records:
            return
        self._blind = any(
            not (record.whole or tells(record.caller_number) or tells(record.receiver_number))
            for record in listed
        )
        self._latest = found
        if len(found.habits) == 1 and LEAST_RECORDS <= found.explained == found.records:
            habit = found.habits[0]
            self._known = [habit, *(one for one in self._known if one != habit)]
        self._count(batch_id, said_of(found), matching)

    def _count(self, batch_id: str, said: str, matching: Matching) -> None:
        # A listing takes the place of the batch's earlier ones.
        if batch_id in self._counted:
            before, counts = self._counted.pop(batch_id)
            self._rows[before].subtract(counts)
            self._batches[before] -= 1
        counts = Counter(one.match for one in matching.verdicts if one.settled)
        self._counted[batch_id] = (said, counts)
        self._rows.setdefault(said, Counter()).update(counts)
        self._batches[said] += 1

    def forget(self, batch_id: str) -> None:
        """Keep a batch's counts without its name: it will not be asked for again."""
        self._counted.pop(batch_id, None)

    def lines(self) -> list[str]:
        """Return what a person is to know of the server's times, a line each; often none."""
        return [
            f"{said}: {_matched(self._rows[said])}"
            for said, batches in self._batches.items()
            if said and batches > 0
        ]


def said_of(found: Found) -> str:
    """Return a habit in words; empty where times come back as they were sent."""
    if AS_SENT in found.habits:
        return ""
    habit = found.habits[0]
    if not habit.tells:
        kept = "start" if habit.starts.kind is not Kind.NONE else ""
        which = "end times" if kept else "times"
        return f"this server shows {which} that have no relation to those sent"
    parts = [_unit(habit.ends), _shift(habit)]
    return "this server " + " and ".join(filter(None, parts)) if any(parts) else ""


def _unit(rule: TimeRule) -> str:
    if rule.kind is Kind.SENT:
        return ""
    unit = next(word for unit_ms, word in _UNITS if rule.unit_ms >= unit_ms)
    if unit.endswith("second") and unit != "second":
        return f"keeps times to the {unit}"
    return f"keeps whole {unit}s"


def _shift(habit: Habit) -> str:
    starts, ends = habit.starts.shift_ms, habit.ends.shift_ms
    if not starts and not ends:
        return ""
    if starts == ends:
        return f"moves times by {_seconds(ends)}"
    return f"moves starts by {_seconds(starts)} and ends by {_seconds(ends)}"


def _seconds(shift_ms: int) -> str:
    return f"{shift_ms / 1000:+,g} s"


def _matched(rows: Counter[Match]) -> str:
    told = [
        (rows[Match.NUMBER], "found by number"),
        (rows[Match.STAMP], "found by stamp"),
        (rows[Match.GROUP], "matched as groups"),
    ]
    parts = [f"{count:,} rows {how}" for count, how in told if count > 0]
    return ", ".join(parts) if parts else "no row's end is known by them"
