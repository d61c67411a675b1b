"""Answers into the ledger: read, match, write what is new. Blocking; meant for a thread."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from typing import TYPE_CHECKING

from bulkcall.reconcile.habit_memory import HabitMemory
from bulkcall.reconcile.matching import match
from bulkcall.reconcile.row_updates import better, events, missing, waiting
from bulkcall.reconcile.schema import read_listing
from bulkcall.reconcile.verdict import Verdict
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger import Ledger
    from bulkcall.ledger.model import BatchRow
    from bulkcall.reconcile.batch_watch import BatchWatch

_CONFIRMED = (RowState.SUCCESS, RowState.ERROR)
NOT_YET = "not listed yet"


class StatusRecorder:
    """One run's ledger as reconciliation uses it. For one thread at a time; each call is short."""

    def __init__(self, ledger: Ledger, run_id: str, habits: HabitMemory | None = None) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._first_batch = array("Q")
        """Row → number of the first of the watched batches that holds it; 0: none."""
        self._batch_ids: dict[int, str] = {}
        self._habits = habits or HabitMemory()
        self._batches_of: dict[int, set[str]] = {}
        """Row → batch ids, for the rows that stand in several of the watched batches."""
        self._latest: dict[int, dict[str, Verdict]] = {}
        """Row → batch id → verdict, for the rows that stand in several of the watched batches."""

    def meet(self, watch: BatchWatch) -> None:
        """Learn which rows a batch holds, so that rows in two batches are known as such."""
        rows = self._ledger.batch_rows(watch.batch)
        watch.open_rows = sum(row.state not in _CONFIRMED for row in rows)
        self._batch_ids[watch.batch] = watch.batch_id
        most = max((row.row for row in rows), default=0)
        self._first_batch.frombytes(bytes(8 * max(0, most + 1 - len(self._first_batch))))
        for row in rows:
            first = self._first_batch[row.row]
            if not first:
                self._first_batch[row.row] = watch.batch
            elif first != watch.batch:
                batches = self._batches_of.setdefault(row.row, {self._batch_ids[first]})
                batches.add(watch.batch_id)

    def enter(
        self, watch: BatchWatch, elements: Sequence[object], odd: int, *, now: float, at: int
    ) -> int:
        """Take in an answer: match it, write down what is new.

        Args:
            watch: the batch; what is known of it is brought up to date.
            elements: the answer's `data`.
            odd: how many of its elements were no objects.
            now: monotonic seconds.
            at: epoch ms.

        Returns:
            How many rows' ends became known by this answer.
        """
        rows = self._ledger.batch_rows(watch.batch)
        digest = _digest(elements)
        known = tuple(self._habits.known)
        if watch.matching is None or digest != watch.digest or known != watch.known:
            listing = read_listing(elements, odd)
            watch.digest = digest
            watch.known = known
            watch.matching = match(rows, listing.records, self._habits.known)
            self._habits.note(watch.batch_id, listing.records, watch.matching)
            watch.shown = hash(frozenset(Counter(listing.records).items()))
            watch.whole = bool(listing.records) and all(one.final for one in listing.records)
            watch.odd = listing.odd_line
        watch.settling.see(now, watch.shown, whole=watch.whole)
        settled = watch.settling.settled
        verdicts: list[Verdict | None] = []
        for verdict in watch.matching.verdicts:
            if verdict.state is not RowState.MISSING:
                decided = self._decided(watch, verdict)
                # What is not final yet will be soon: it is written down only when it is to stay.
                verdicts.append(decided if decided.settled or settled else None)
            elif settled and not watch.matching.unplaced:
                verdicts.append(self._decided(watch, missing(verdict, watch.batch_id)))
            elif settled:
                verdicts.append(self._decided(watch, waiting(verdict, watch)))
            else:
                self._decided(watch, verdict._replace(state=RowState.ACCEPTED, message=NOT_YET))
                verdicts.append(None)
        before = watch.open_rows
        self._write(watch, rows, verdicts, at)
        gone = [verdict is not None and verdict.state is RowState.MISSING for verdict in verdicts]
        watch.done = not watch.open_rows or watch.settling.settled
        final = watch.done and watch.open_rows == sum(gone)
        self._ledger.note_poll(watch.batch, at=at, final=final)
        if watch.matching.unexpected != (watch.strangers or []):
            watch.strangers = watch.matching.unexpected
            told = [{"batch_id": watch.batch_id, **one.as_json()} for one in watch.strangers]
            self._ledger.add_unexpected(self._run_id, watch.batch, told)
        if watch.done:
            # Or memory would grow with the run: a verdict and more for each confirmed row.
            watch.matching, watch.said = None, {}
            self._habits.forget(watch.batch_id)
        return max(0, before - watch.open_rows)

    def close(self, watch: BatchWatch, *, at: int, time_up: bool) -> None:
        """Write down, of a batch that is given up for now, why its open rows are open.

        With `time_up`, a listing that the last two answers agree on counts as settled.
        """
        rows = self._ledger.batch_rows(watch.batch)
        matching = watch.matching
        whole = time_up and watch.settling.settled_at_the_end
        if matching is None:
            verdicts = [Verdict(row.row, RowState.MISSING) for row in rows]
        else:
            verdicts = matching.verdicts
            whole = whole and not matching.unplaced
        told: list[Verdict | None] = []
        for verdict in verdicts:
            if verdict.state is not RowState.MISSING:
                told.append(self._decided(watch, verdict))
            elif whole:
                told.append(self._decided(watch, missing(verdict, watch.batch_id)))
            else:
                told.append(self._decided(watch, waiting(verdict, watch)))
        self._write(watch, rows, told, at)

    def _decided(self, watch: BatchWatch, verdict: Verdict) -> Verdict:
        if verdict.row not in self._batches_of:
            return verdict
        latest = self._latest.setdefault(verdict.row, {})
        latest[watch.batch_id] = verdict
        return better(latest)

    def _write(
        self,
        watch: BatchWatch,
        rows: Sequence[BatchRow],
        verdicts: Sequence[Verdict | None],
        at: int,
    ) -> None:
        news = events(rows, verdicts, watch.said, at)
        if news:
            self._ledger.record(self._run_id, news)
        watch.open_rows = sum(
            not (row.state in _CONFIRMED or (verdict is not None and verdict.settled))
            for row, verdict in zip(rows, verdicts, strict=True)
        )


def _digest(elements: Sequence[object]) -> bytes:
    return hashlib.blake2b(
        json.dumps(elements, separators=(",", ":"), default=str).encode(), digest_size=16
    ).digest()
