"""When tokens were created: at most ten in thirty minutes for an account, in all runs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkcall.ledger.store import Transaction


def creations(transaction: Transaction, account: str, since: int) -> list[int]:
    """Return the epoch ms of each token creation of an account since then, oldest first."""
    found = transaction.all(
        "SELECT created_at FROM token_creations WHERE account = ? AND created_at >= ?"
        " ORDER BY created_at",
        account,
        since,
    )
    return [created_at for (created_at,) in found]


def note(transaction: Transaction, account: str, at: int) -> None:
    """Note a token creation."""
    transaction.run("INSERT INTO token_creations (account, created_at) VALUES (?, ?)", account, at)


def forget(transaction: Transaction, account: str, at: int) -> None:
    """Take back the note of a token creation that for certain did not come about."""
    transaction.run("DELETE FROM token_creations WHERE account = ? AND created_at = ?", account, at)
