"""The rules for a record (api.md, A record), and what a body has to look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

DAY_MS = 24 * 60 * 60 * 1000
_INT64 = 2**63
PLAIN_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
PLUS_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
EITHER_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FORBIDDEN = re.compile(r"[!@#$%^&*()_+/]")
_ENDS = (".", ",", "-", " ")


class Problem(NamedTuple):
    """Why a record is refused."""

    field: str
    text: str
    """Follows 'Request body is invalid: '. Only the one for a past `ends_at` is documented."""


def problem_of(
    record: Any,
    now_ms: int,
    number: re.Pattern[str] = PLAIN_NUMBER,
    labels: Collection[str] | None = None,
) -> Problem | None:
    """Find the first thing wrong with a record, or None.

    Args:
        record: as it came.
        now_ms: the server's time.
        number: what a phone number looks like in this version.
        labels: the account's label ids in lower case; None: any UUID will do.
    """
    if type(record) is not dict:
        return Problem("", "a call record must be an object")
    return (
        _number(record, "caller_number", number)
        or _number(record, "receiver_number", number)
        or _times(record, now_ms)
        or _label(record, labels)
        or _reason(record)
    )


def _number(record: dict[str, Any], name: str, form: re.Pattern[str]) -> Problem | None:
    value = record.get(name)
    if value is None:
        return Problem(name, f"{name} is required")
    if type(value) is not str or not form.fullmatch(value):
        plus = "a plus and " if form is PLUS_NUMBER else ""
        return Problem(name, f"{name} must be {plus}digits with country code")
    return None


def _times(record: dict[str, Any], now_ms: int) -> Problem | None:
    for name in ("starts_at", "ends_at"):
        value = record.get(name)
        if value is None:
            return Problem(name, f"{name} is required")
        if type(value) is not int or not -_INT64 <= value < _INT64:
            return Problem(name, f"{name} must be an int64 of epoch milliseconds")
    starts_at, ends_at = record["starts_at"], record["ends_at"]
    if ends_at < now_ms:
        return Problem("ends_at", "ends_at cannot be older than current time")
    if ends_at < starts_at:  # ours: the documentation takes it for granted
        return Problem("ends_at", "ends_at cannot be older than starts_at")
    if ends_at - starts_at > DAY_MS:
        return Problem("ends_at", "ends_at cannot be more than 24 hours after starts_at")
    return None


def _label(record: dict[str, Any], labels: Collection[str] | None) -> Problem | None:
    if "label_id" in record:
        label = record["label_id"]
        if type(label) is not str or not _UUID.fullmatch(label):
            return Problem("label_id", "label_id must be a UUID")
        if labels is not None and label.lower() not in labels:
            return Problem("label_id", "label_id is not a dynamic label of this client")
    elif "dynamic_label_name" not in record:
        return Problem("dynamic_label_name", "label_id or dynamic_label_name is required")
    return _length(record, "dynamic_label_name", 3, 40)


def _reason(record: dict[str, Any]) -> Problem | None:
    name = "dynamic_call_reason"
    problem = _length(record, name, 10, 100)
    if problem or name not in record:
        return problem
    reason = record[name]
    if _FORBIDDEN.search(reason):
        return Problem(name, f"{name} cannot hold any of ! @ # $ % ^ & * ( ) _ + /")
    if reason.startswith(_ENDS) or reason.endswith(_ENDS):
        return Problem(name, f"{name} cannot start or end with . , - or a space")
    return None


def _length(record: dict[str, Any], name: str, least: int, most: int) -> Problem | None:
    if name not in record:
        return None
    value = record[name]
    if type(value) is not str or not least <= len(value) <= most:
        return Problem(name, f"{name} must be a text of {least} to {most} characters")
    return None
