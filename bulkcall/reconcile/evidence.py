"""Whether a listed record can be a sent one: visible digits, times, the words beside them. Pure.

Hard evidence (visible digits, the stamp) must agree. Soft evidence (start, label, name, reason) is
what a server may fill in or tidy up: it only decides between rows that the hard evidence leaves.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from bulkcall.reconcile.status_record import MASK

if TYPE_CHECKING:
    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.records import CallRecord

MASKED_CONFLICTS = 1
"""How many soft fields may differ before a masked record with a row's stamp is a stranger."""

BLIND = frozenset(MASK * length for length in range(33))
"""Numbers as listed that show nothing."""


def shows(pattern: str, number: str) -> bool:
    """Return whether a number as listed (digits and `*`) can be this number.

    A mask need not keep the number's length: if it doesn't, what stands before its first and after
    its last hidden place decides.
    """
    if pattern in BLIND:
        return True
    first = pattern.find(MASK)
    if first < 0:
        return pattern == number
    after = pattern.rfind(MASK) + 1
    if len(pattern) != len(number):
        head, tail = pattern[:first], pattern[after:]
        fits = len(head) + len(tail) <= len(number)
        return fits and number.startswith(head) and number.endswith(tail)
    return all(shown in (MASK, digit) for shown, digit in zip(pattern, number, strict=True))


def form(pattern: str) -> tuple[int, int, str]:
    """Give where a number as listed is hidden: first hidden place, the one after the last, mask."""
    first = pattern.find(MASK)
    if first < 0:
        return 0, 0, ""
    after = pattern.rfind(MASK) + 1
    return first, after, MASK * (after - first)


def tells(pattern: str) -> bool:
    """Return whether at least one digit of a number as listed is visible."""
    return pattern.strip(MASK) != ""


def conflicts(listed: StatusRecord, sent: CallRecord) -> int:
    """Count the words that the server shows otherwise than they were sent.

    A field that either side leaves out conflicts with nothing: the server fills in a label's own
    name.
    """
    return (
        _differ(listed.label_id, sent.label_id)
        + _differ(listed.dynamic_label_name, sent.dynamic_label_name)
        + _differ(listed.dynamic_call_reason, sent.dynamic_call_reason)
    )


def _differ(shown: str, sent: str | None) -> bool:
    if shown == sent or not shown or not sent:
        return False
    if MASK in shown:
        return False
    return _folded(shown) != _folded(sent)


def _folded(text: str) -> str:
    # Forms of one text that a server's tidying may turn into each other.
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
