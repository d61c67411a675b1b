"""One record as batch status lists it, in normal form. Pure: reading it is schema.py's affair."""

from __future__ import annotations

from typing import NamedTuple

from bulkcall.records import RowState

MASK = "*"
"""What every masking character becomes in a normal number."""

FINAL_WORDS = {"success": RowState.SUCCESS, "error": RowState.ERROR}
"""The only known words of `status_info.status` (api.md); any other one is not final."""

_NOT_FINAL = RowState.ACCEPTED


class StatusRecord(NamedTuple):
    """One element of a batch status answer's `data` (api.md, Batch status).

    Nothing here was checked against the request's rules: it is what the server shows. A text that
    is not shown is empty, a time that is not shown (or can't be read) is None.
    """

    record_id: str
    caller_number: str
    """Digits, with `*` where a digit is hidden; empty when nothing of it is shown."""
    receiver_number: str
    whole: bool
    """Both numbers are shown without a mask."""
    starts_at: int | None
    """Epoch milliseconds."""
    ends_at: int | None
    """Epoch milliseconds: the stamp."""
    label_id: str
    dynamic_label_name: str
    dynamic_call_reason: str
    status: str
    """The server's own word, as it came."""
    state: RowState
    """SUCCESS or ERROR for the known words, ACCEPTED (not final) for all others."""
    message: str = ""
    field: str = ""
    created_at: str = ""
    """As it came; bulkcall draws no conclusion from it."""

    @property
    def final(self) -> bool:
        """Return whether the server's word is its last."""
        return self.state is not _NOT_FINAL

    @property
    def sort_key(self) -> tuple[str, ...]:
        """A key under which any order of one listing sorts the same."""
        return tuple(str(value) for value in self)

    def as_json(self) -> dict[str, object]:
        """Return what the server showed, readable, without the fields that it left out."""
        shown = {
            "id": self.record_id,
            "caller_number": self.caller_number,
            "receiver_number": self.receiver_number,
            "label_id": self.label_id,
            "dynamic_label_name": self.dynamic_label_name,
            "dynamic_call_reason": self.dynamic_call_reason,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "status": self.status,
            "message": self.message,
            "created_at": self.created_at,
        }
        return {name: value for name, value in shown.items() if value not in ("", None)}
