"""Rows that somebody else sent, put under the batch in which the server lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.errors import LedgerError
from bulkcall.ledger import counts, sending
from bulkcall.ledger.codec import packed_numbers
from bulkcall.ledger.lifecycle import Step, case_after, states_before
from bulkcall.ledger.schema import row_key
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger.model import Placed
    from bulkcall.ledger.store import Transaction

_ADOPT = f"""
    UPDATE rows SET state = {case_after(Step.ADOPT)}, attempts = 1, batch = ?
    WHERE state {states_before(Step.ADOPT)} AND id IN_KEYS
"""


def adopt(
    transaction: Transaction, run_no: int, batch_id: str, placed: Sequence[Placed], *, at: int
) -> int:
    """Write down an accepted batch that this ledger did not send; READY rows become ACCEPTED.

    When they were sent is not known, so no time of sending is written.
    """
    batch: int = transaction.value(
        "INSERT INTO batches (run_no, batch_id, size, state, created_at, accepted_at, placed)"
        " VALUES (?, ?, ?, 'accepted', ?, ?, ?) RETURNING batch",
        run_no,
        batch_id,
        len(placed),
        at,
        at,
        packed_numbers([number for place in placed for number in (place.row, place.ends_at)]),
    )
    marked = transaction.keyed_run(
        _ADOPT,
        [row_key(run_no, place.row) for place in placed],
        batch,
    )
    if marked != len(placed):
        raise LedgerError("only rows that were never sent can be put under a batch of others")
    counts.change(
        transaction, run_no, {RowState.READY: -len(placed), RowState.ACCEPTED: len(placed)}
    )
    sending.count_taken(transaction, run_no, len(placed))
    return batch
