"""What `bulkcall plan` does: check a campaign file and work out what sending it would take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bulkcall.progress import NullProgress, StopToken
from bulkcall.run.checked_file import open_checked
from bulkcall.run.send_plan import plan as plan_rows
from bulkcall.run.validate_only import ProblemCounter, Validation

if TYPE_CHECKING:
    import numpy.typing as npt

    from bulkcall.progress import Progress
    from bulkcall.run.options import ReadOptions
    from bulkcall.run.send_plan import Plan
    from bulkcall.settings import Settings
    from bulkcall.settings.sending_hours import SendingHours


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign file's check and what sending its valid rows would take."""

    validation: Validation
    plan: Plan
    hours: SendingHours | None = None
    """When rows may go out; None: at any time."""


def plan(
    read: ReadOptions,
    settings: Settings,
    *,
    count_labels: bool = False,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> Planned:
    """Work out what a run of this file would do. Raises UsageError as `validate` does.

    Knows of no earlier run: rows that one of them has sent are planned like the others.
    """
    hours = settings.hours()
    rows, starts, ends = [], [], []
    troubles = ProblemCounter()
    with open_checked(read, progress or NullProgress(), stop or StopToken()) as checked:
        if count_labels:
            checked.count_labels()
        for chunk in checked.chunks():
            troubles.add(chunk.findings)
            valid = chunk.records.filter(chunk.records["valid"])
            rows.append(valid["row"].to_numpy())
            starts.append(valid["starts_at"].to_numpy())
            ends.append(valid["ends_at"].to_numpy())
        duplicates = checked.duplicates.finish()[0]
    once = ~np.isin(np.concatenate(rows), duplicates)
    validation = Validation(
        file=checked.file,
        rows=checked.rows,
        valid=int(once.sum()),
        invalid=checked.invalid,
        duplicate=len(duplicates),
        troubles=troubles.most_first(),
        notes=(*checked.notes, *checked.diagnostics.lines()),
        label_use=checked.label_use,
        understanding=checked.understanding,
    )
    figures = plan_rows(
        np.concatenate(starts)[once],
        np.concatenate(ends)[once],
        settings,
        now_ms=read.now_ms,
        moments=None if hours is None else OpenTime(hours, read.now_ms),
    )
    return Planned(validation, figures, hours)


class OpenTime:
    """When so many milliseconds inside the hours have passed, from a moment (epoch ms) on."""

    def __init__(self, hours: SendingHours, from_ms: int) -> None:
        self._hours = hours
        self._opens = [hours.next_opening(from_ms)]
        self._before = [0]
        """Milliseconds inside the hours that have passed at each opening."""
        self._closes = [hours.next_closing(self._opens[0])]

    def __call__(self, spent: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the moments, epoch ms."""
        most = int(spent.max(initial=0))
        while (passed := self._before[-1] + self._closes[-1] - self._opens[-1]) <= most:
            self._opens.append(self._hours.next_opening(self._closes[-1]))
            self._before.append(passed)
            self._closes.append(self._hours.next_closing(self._opens[-1]))
        before = np.array(self._before, np.int64)
        span = np.searchsorted(before, spent, side="right") - 1
        moments: npt.NDArray[np.int64] = np.array(self._opens, np.int64)[span] + (
            spent - before[span]
        )
        return moments
