"""What `bulkcall plan` does: check a campaign file and work out what sending it would take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bulkcall.checking import Troubles, Validation
from bulkcall.intake import reading
from bulkcall.progress import Silent, Stop
from bulkcall.send.plan import plan as plan_rows

if TYPE_CHECKING:
    from bulkcall.intake import Source
    from bulkcall.progress import Progress
    from bulkcall.send.plan import Plan
    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign file's check and what sending its valid rows would take."""

    validation: Validation
    plan: Plan


def plan(
    source: Source,
    settings: Settings,
    *,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Planned:
    """Work out what a run of this file would do. Raises UsageError as `validate` does."""
    rows, starts, ends = [], [], []
    troubles = Troubles()
    with reading(source, progress or Silent(), stop or Stop()) as intake:
        for chunk in intake.checked():
            troubles.add(chunk.findings)
            valid = chunk.records.filter(chunk.records["valid"])
            rows.append(valid["row"].to_numpy())
            starts.append(valid["starts_at"].to_numpy())
            ends.append(valid["ends_at"].to_numpy())
        duplicates = intake.repeats.finish()[0]
    once = ~np.isin(np.concatenate(rows), duplicates)
    validation = Validation(
        file=intake.file,
        rows=intake.rows,
        valid=int(once.sum()),
        invalid=intake.invalid,
        duplicate=len(duplicates),
        troubles=troubles.most_first(),
        notes=(*intake.file.notes, *intake.doctor.lines()),
    )
    figures = plan_rows(
        np.concatenate(starts)[once], np.concatenate(ends)[once], settings, now_ms=source.now_ms
    )
    return Planned(validation, figures)
