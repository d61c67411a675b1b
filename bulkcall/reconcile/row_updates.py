"""What an answer makes of a batch's rows: verdicts to ledger events. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.ledger.model import Confirmed
from bulkcall.records import Match, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bulkcall.ledger.model import BatchRow
    from bulkcall.reconcile.batch_watch import BatchWatch
    from bulkcall.reconcile.verdict import Verdict

ASKABLE = frozenset(
    {
        RowState.ACCEPTED,
        RowState.MISSING,
        RowState.DOUBT,
        RowState.HELD,
        RowState.ERROR,
        RowState.SUCCESS,
    }
)
"""States in which batch status has a say (docs/life-cycle.md)."""

_RANK = {RowState.SUCCESS: 0, RowState.ERROR: 1, RowState.ACCEPTED: 2, RowState.MISSING: 3}
_EVIDENCE = [Match.NUMBER, Match.STAMP, Match.GROUP, Match.NONE]
_SAID = {
    RowState.SUCCESS: "success",
    RowState.ERROR: "error",
    RowState.ACCEPTED: "not final",
    RowState.MISSING: "not listed",
}


def missing(verdict: Verdict, batch_id: str) -> Verdict:
    """Put in words that a settled listing lacks a row."""
    return verdict._replace(message=f"the final status of batch {batch_id} does not list it")


def waiting(verdict: Verdict, watch: BatchWatch) -> Verdict:
    """Put in words why a row is still not final when the wait is over."""
    if watch.problem:
        why = f"the status of batch {watch.batch_id} could not be read: {watch.problem}"
    elif watch.matching is None:
        why = f"the status of batch {watch.batch_id} was not asked for before the wait was over"
    elif watch.matching.unplaced:
        why = (
            f"the status of batch {watch.batch_id} does not show it; "
            f"{len(watch.matching.unplaced)} of its records show nothing to tell rows apart by"
        )
    else:
        why = f"the status of batch {watch.batch_id} did not list it before the wait was over"
    return verdict._replace(state=RowState.ACCEPTED, message=why)


def better(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Decide for a row that stands in several batches: the better confirmed one, all of them shown.

    Args:
        verdicts: batch id → what its status says of the row; not empty.
    """
    ranked = sorted(
        verdicts.items(),
        key=lambda item: (_RANK[item[1].state], _EVIDENCE.index(item[1].match), item[0]),
    )
    best = ranked[0][1]
    if len(ranked) == 1:
        return best
    shown = "; ".join(
        f"batch {batch_id}: {_SAID[verdict.state]}"
        + (f" ({verdict.message})" if verdict.message else "")
        for batch_id, verdict in ranked
    )
    return best._replace(message=f"stands in {len(ranked)} batches: {shown}")


def events(
    rows: Sequence[BatchRow], verdicts: Iterable[Verdict | None], said: dict[int, Verdict], at: int
) -> list[Confirmed]:
    """Return what is new of these verdicts, and remember it in `said`.

    Args:
        rows: the batch's rows as they stand in the ledger now.
        verdicts: one for each of them, in their order; None where there is nothing to say yet.
        said: row → verdict that was written down last; changed in place.
        at: epoch ms.
    """
    news: list[Confirmed] = []
    for sent, verdict in zip(rows, verdicts, strict=True):
        if verdict is None or sent.state not in ASKABLE or said.get(sent.row) == verdict:
            continue
        if sent.row not in said and sent.state is verdict.state and verdict.settled:
            said[sent.row] = verdict  # an earlier process wrote it down
            continue
        said[sent.row] = verdict
        news.append(
            Confirmed(
                verdict.row,
                at,
                verdict.state,
                verdict.match,
                verdict.message,
                verdict.field,
                verdict.record_id,
                verdict.code,
            )
        )
    return news
