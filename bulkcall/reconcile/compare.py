"""Any campaign file's rows against any batches' status, whoever sent them. Pure.

Which row went into which batch is not known, so every listing is held against all rows. Stamps are
not known either: a masked record is found by the row's own ends_at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.reconcile.matching import match
from bulkcall.reconcile.row_updates import better
from bulkcall.reconcile.schema import read_listing
from bulkcall.records import Match, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.reconcile.verdict import SentRow, Verdict

SHOWN_BATCHES = 3
"""How many batches a message names."""


@dataclass(frozen=True, slots=True)
class StatusData:
    """A batch's status as the server told it, asked just now or saved by somebody."""

    batch_id: str
    elements: Sequence[object]
    """The elements of `data`."""
    odd: int = 0
    """Elements that were left out before, for not being objects."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What batches say of the rows of a campaign file."""

    verdicts: Mapping[int, Verdict]
    """Row → verdict; MISSING where no batch lists the row."""
    batch_of: Mapping[int, str]
    """Row → the batch that lists it; only rows of which that is known."""
    unexpected: Mapping[str, Sequence[StatusRecord]] = field(default_factory=dict)
    """Batch id → its records that fit no row."""


def compare(rows: Sequence[SentRow], answers: Sequence[StatusData]) -> Comparison:
    """Hold the status of some batches against the rows of a campaign file. Pure.

    A row that no batch lists is MISSING if everything that is listed is final, else ACCEPTED.
    """
    listings = {
        one.batch_id: read_listing(one.elements, one.odd).records for one in _joined(answers)
    }
    everything = [record for records in listings.values() for record in records]
    together = match(rows, everything, ours=False)
    listed_in: dict[int, dict[str, Verdict]] = {}
    unexpected: dict[str, list[StatusRecord]] = {}
    for batch_id, records in listings.items():
        alone = match(rows, records, ours=False) if len(listings) > 1 else together
        unexpected[batch_id] = alone.unexpected
        for verdict in alone.verdicts:
            # Rows that look alike may be spread over the batches: only together they make a group.
            if verdict.settled and verdict.match is not Match.GROUP:
                listed_in.setdefault(verdict.row, {})[batch_id] = verdict
    whole = any(listings.values()) and all(
        record.final for records in listings.values() for record in records
    )
    verdicts: dict[int, Verdict] = {}
    for verdict in together.verdicts:
        found = listed_in.get(verdict.row)
        if found:
            verdicts[verdict.row] = better(found)
        elif verdict.state is RowState.MISSING:
            final = whole and not together.unplaced
            verdicts[verdict.row] = _not_listed(verdict, list(listings), final=final)
        else:
            verdicts[verdict.row] = verdict
    only = next(iter(listings)) if len(listings) == 1 else ""
    batch_of = {
        row: next((one for one, said in found.items() if said.state is verdicts[row].state), only)
        for row, found in listed_in.items()
    }
    if only:
        batch_of = dict.fromkeys(verdicts, only)
    return Comparison(verdicts, batch_of, unexpected)


def _joined(answers: Iterable[StatusData]) -> Iterator[StatusData]:
    # A batch may be given twice, asked and saved: its records count together.
    by_id: dict[str, list[StatusData]] = {}
    for one in answers:
        by_id.setdefault(one.batch_id, []).append(one)
    for batch_id, same in by_id.items():
        elements = [element for one in same for element in one.elements]
        yield StatusData(batch_id, elements, sum(one.odd for one in same))


def _not_listed(verdict: Verdict, batch_ids: Sequence[str], *, final: bool) -> Verdict:
    named = ", ".join(batch_ids[:SHOWN_BATCHES]) + (", …" if len(batch_ids) > SHOWN_BATCHES else "")
    if final:
        many = "the final status of batch" if len(batch_ids) == 1 else "none of the batches"
        lacks = "does not list it" if len(batch_ids) == 1 else "lists it"
        return verdict._replace(message=f"{many} {named} {lacks}")
    why = f"not listed by {named}, whose status is not final"
    return verdict._replace(state=RowState.ACCEPTED, message=why)
