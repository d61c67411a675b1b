"""Rows that an earlier run sent, or may have.

They are looked for once after loading, and again before rows go out while another run of the same
account is sending too. A hash narrows the search to a few candidates; the records themselves
decide.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from bulkcall.ledger import counts, receiver_index
from bulkcall.ledger.lifecycle import REPEATED, Step, in_states, states_before
from bulkcall.ledger.loading import MARK_DUPLICATE
from bulkcall.ledger.schema import ROW_BITS, row_number, row_range
from bulkcall.records import Outcome, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.ledger.receiver_index import Numbers
    from bulkcall.ledger.store import Transaction

_FACTS = """
    SELECT r.account_no, r.own_times, r.seen_mark, a.taken FROM accounts a
    JOIN runs r ON r.account_no = a.account_no WHERE r.run_no = ?
"""
_RECORDS = """
    SELECT r.id, r.starts_at, r.ends_at, r.caller, r.receiver, coalesce(w.label_id, ''),
        coalesce(w.name, ''), coalesce(w.reason, ''), r.state, r.sent_at
    FROM rows r JOIN wordings w ON w.id = r.wording
"""
_READY = f"{_RECORDS} WHERE r.state {states_before(Step.MARK_DUPLICATE)} AND r.id IN_KEYS"
_SENT = f"{_RECORDS} WHERE r.state {in_states(REPEATED)} AND r.id IN_KEYS"


def mark_all(transaction: Transaction, run_no: int) -> int:
    """Let each waiting row of the run that is a repeat become DUPLICATE; return how many did."""
    account_no, own_times, _, taken = transaction.all(
        _FACTS + transaction.store.for_update, run_no
    )[0]
    others = _others(transaction, account_no, run_no, since=0)
    marked = 0
    for bucket in range(receiver_index.BUCKETS) if others else ():
        own, earlier = _split(receiver_index.in_bucket(transaction, bucket), run_no, others)
        repeated = np.intersect1d(own[1], earlier[1])
        waiting = own[0][np.isin(own[1], repeated)].tolist()
        sent = earlier[0][np.isin(earlier[1], repeated)].tolist()
        marked += len(_mark_repeated(transaction, run_no, waiting, sent, own_times=own_times))
    transaction.run("UPDATE runs SET seen_mark = ? WHERE run_no = ?", taken, run_no)
    return marked


class RepeatLookup:
    """Keeps an eye on the runs of the same account that send at the same time.

    What it keeps in memory are their rows' hashes, which never change once a run sends.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Numbers, Numbers]] = {}

    def mark_among(
        self, transaction: Transaction, run_no: int, waiting: Sequence[tuple[int, int]]
    ) -> set[int]:
        """Let those of the given (key, identity) that are repeats by now become DUPLICATE.

        Gives their keys. Costs one short query while no other run has taken rows.
        """
        account_no, own_times, seen_mark, _ = transaction.all(_FACTS, run_no)[0]
        others = _others(transaction, account_no, run_no, since=seen_mark)
        if not others or not waiting:
            return set()
        keys, identities = (
            np.array(column, dtype=np.int64) for column in zip(*waiting, strict=True)
        )
        sent: list[int] = []
        for other in others:
            known_keys, known = self._identities(transaction, other)
            sent += known_keys[np.isin(known, identities)].tolist()
        return _mark_repeated(transaction, run_no, keys.tolist(), sent, own_times=own_times)

    def _identities(self, transaction: Transaction, run_no: int) -> tuple[Numbers, Numbers]:
        if run_no not in self._known:
            chunks = transaction.all(
                "SELECT chunk_no FROM chunks WHERE id BETWEEN ? AND ?", *row_range(run_no)
            )
            found = receiver_index.of_chunks(transaction, [number for (number,) in chunks])
            self._known[run_no] = _joined([(part.keys, part.identities) for part in found])
        return self._known[run_no]


def _others(transaction: Transaction, account_no: int, run_no: int, *, since: int) -> set[int]:
    found = transaction.all(
        "SELECT run_no FROM runs WHERE account_no = ? AND taken_mark > ? AND run_no <> ?",
        account_no,
        since,
        run_no,
    )
    return {number for (number,) in found}


def _split(
    found: Iterable[receiver_index.Posting], run_no: int, others: set[int]
) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
    """Part one bucket into this run's and the other runs' (keys, identities)."""
    own: list[tuple[Numbers, Numbers]] = []
    earlier: list[tuple[Numbers, Numbers]] = []
    for part in found:
        owner = int(part.keys[0]) >> ROW_BITS
        if owner == run_no:
            own.append((part.keys, part.identities))
        elif owner in others:
            earlier.append((part.keys, part.identities))
    return _joined(own), _joined(earlier)


def _joined(parts: list[tuple[Numbers, Numbers]]) -> tuple[Numbers, Numbers]:
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys, identities = (np.concatenate(column) for column in zip(*parts, strict=True))
    named = identities != receiver_index.NO_IDENTITY
    return keys[named], identities[named]


def _mark_repeated(
    transaction: Transaction,
    run_no: int,
    waiting: Sequence[int],
    sent: Sequence[int],
    *,
    own_times: bool,
) -> set[int]:
    if not waiting or not sent:
        return set()
    earlier: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in transaction.keyed(_SENT, sent):
        earlier.setdefault(_likeness(row, own_times=own_times), []).append(row)
    messages: dict[int, str] = {}
    for row in transaction.keyed(_READY, waiting) if earlier else ():
        for other in earlier.get(_likeness(row, own_times=own_times), ()):
            if own_times or (other[1] < row[2] and row[1] < other[2]):
                messages[row[0]] = _message(transaction, other)
                break
    marked = transaction.many(MARK_DUPLICATE, [(message, key) for key, message in messages.items()])
    counts.change(transaction, run_no, {RowState.READY: -marked, RowState.DUPLICATE: marked})
    return set(messages)


def _likeness(row: tuple[Any, ...], *, own_times: bool) -> tuple[Any, ...]:
    """Return what two rows must have in common, apart from windows that meet."""
    return row[1:8] if own_times else row[3:8]


def _message(transaction: Transaction, row: tuple[Any, ...]) -> str:
    run_id = transaction.value("SELECT run_id FROM runs WHERE run_no = ?", row[0] >> ROW_BITS)
    did = "may have sent" if RowState(row[8]).outcome is Outcome.UNKNOWN else "sent"
    when = ""
    if row[9] is not None:
        when = f" at {datetime.fromtimestamp(row[9] / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"run {run_id} {did} the same record (its row {row_number(row[0])}){when}"
