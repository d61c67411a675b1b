"""Rows that an earlier run sent, or may have: found once after loading, and again before they go out
where another run of the same account has been sending meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bulkcall.ledger import tallies
from bulkcall.ledger.schema import row_number, row_range
from bulkcall.records import Outcome, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkcall.ledger.store import Transaction

# States 1, 2, 3, 4, 10, 13: SENDING, DOUBT, HELD, ACCEPTED, SUCCESS, MISSING. The hash narrows the
# search; the fields themselves decide. A plus keeps both databases from using an index of that column.
_FIND = """
    SELECT n.id, h.id, r.run_id, h.sent_at, h.state
    FROM rows n
    CROSS JOIN rows h
    JOIN runs r ON r.run_no = h.run_no
    JOIN wordings nw ON nw.id = n.wording
    JOIN wordings hw ON hw.id = h.wording
    WHERE n.state = 0
        AND h.receiver = n.receiver AND h.identity = n.identity AND h.caller = n.caller
        AND h.state IN (1, 2, 3, 4, 10, 13)
        AND +h.run_no <> ? AND r.account_no = ?
        AND coalesce(hw.label_id, '') = coalesce(nw.label_id, '')
        AND coalesce(hw.name, '') = coalesce(nw.name, '')
        AND coalesce(hw.reason, '') = coalesce(nw.reason, '')
"""
_SAME_TIMES = " AND h.starts_at = n.starts_at AND h.ends_at = n.ends_at"
_WINDOWS_MEET = " AND h.starts_at < n.ends_at AND n.starts_at < h.ends_at"
_OF_RUN = " AND n.id BETWEEN ? AND ?"
_OF_KEYS = " AND n.id IN_KEYS"


def mark_all(transaction: Transaction, run_no: int) -> int:
    """Let each waiting row of the run that is a repeat become DUPLICATE; give how many did."""
    account_no, own_times, others = _facts(transaction, run_no)
    sql = _FIND + (_SAME_TIMES if own_times else _WINDOWS_MEET) + _OF_RUN
    found = transaction.all(sql, run_no, account_no, *row_range(run_no))
    transaction.run("UPDATE runs SET others_seen = ? WHERE run_no = ?", others, run_no)
    return len(_mark(transaction, run_no, found))


def mark_among(transaction: Transaction, run_no: int, keys: Iterable[int]) -> set[int]:
    """Do the same for some rows only; give the keys of those that became DUPLICATE."""
    account_no, own_times, _ = _facts(transaction, run_no)
    sql = _FIND + (_SAME_TIMES if own_times else _WINDOWS_MEET) + _OF_KEYS
    return _mark(transaction, run_no, transaction.keyed(sql, keys, run_no, account_no))


def _facts(transaction: Transaction, run_no: int) -> tuple[Any, ...]:
    return transaction.all(
        "SELECT r.account_no, r.own_times, a.taken - r.taken FROM runs r"
        " JOIN accounts a ON a.account_no = r.account_no WHERE r.run_no = ?",
        run_no,
    )[0]


def _mark(transaction: Transaction, run_no: int, found: list[tuple[Any, ...]]) -> set[int]:
    messages = {key: _message(*facts) for key, *facts in found}
    transaction.many(
        "UPDATE rows SET state = 16, message = ? WHERE id = ?",
        [(message, key) for key, message in messages.items()],
    )
    tallies.change(
        transaction,
        run_no,
        {RowState.READY: -len(messages), RowState.DUPLICATE: len(messages)},
    )
    return set(messages)


def _message(key: int, run_id: str, sent_at: int | None, state: int) -> str:
    unsure = RowState(state).outcome is Outcome.UNKNOWN
    did = "may have sent" if unsure else "sent"
    when = ""
    if sent_at is not None:
        moment = datetime.fromtimestamp(sent_at / 1000, UTC)
        when = f" at {moment:%Y-%m-%dT%H:%M:%SZ}"
    return f"run {run_id} {did} the same record (its row {row_number(key)}){when}"
