"""Which header names mean which field (contract: Campaign file, Header). Extend the table here.

Names are compared without case, width and punctuation: `Caller No.`, `caller_no` and `callerNo` are
one spelling. A name stands under one field only; what could mean two
things (`number`, `name`, `date`, `id`) stands under none, and `--map` settles it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from bulkcall.records import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

SPELLINGS: Mapping[Field, tuple[str, ...]] = {
    Field.CALLER_NUMBER: (
        "caller number", "caller", "caller no", "caller id", "caller phone", "caller phone number",
        "caller phone no", "caller mobile", "caller mobile number", "caller mobile no",
        "caller msisdn", "calling number", "calling no", "calling party", "calling party number",
        "call from", "from", "from number", "from no", "from phone", "cli",
    ),
    Field.RECEIVER_NUMBER: (
        "receiver number", "receiver", "receiver no", "receiver id", "receiver phone",
        "receiver phone number", "receiver phone no", "receiver mobile", "receiver mobile number",
        "receiver mobile no", "receiver msisdn", "reciever", "reciever number", "reciever no",
        "recipient", "recipient number", "recipient no", "recipient phone",
        "recipient phone number", "recipient mobile", "callee", "callee number", "callee no",
        "called number", "called no", "called party", "called party number", "call to", "to",
        "to number", "to no", "to phone", "phone", "phone number", "phone no", "telephone",
        "telephone number", "mobile", "mobile number", "mobile no", "mobile phone", "msisdn",
        "cell phone", "contact number", "contact no", "customer number", "customer phone",
        "customer phone number", "customer phone no", "customer mobile", "customer mobile number",
        "customer mobile no", "customer contact", "customer contact number",
    ),
    Field.LABEL_ID: (
        "label id", "label uuid", "dynamic label id", "dynamic label uuid", "call label id",
    ),
    Field.DYNAMIC_LABEL_NAME: (
        "dynamic label name", "dynamic label", "label", "label name", "label text", "call label",
        "call label name", "caller label", "caller label name",
    ),
    Field.DYNAMIC_CALL_REASON: (
        "dynamic call reason", "dynamic reason", "call reason", "reason", "reason for call",
        "reason for calling", "reason of call", "call purpose", "purpose", "purpose of call",
    ),
    Field.STARTS_AT: (
        "starts at", "starts", "start", "start at", "start time", "starts time", "start date",
        "start date time", "start datetime", "start date and time", "start timestamp",
        "window start", "window starts", "window start time", "starting at", "starting time",
    ),
    Field.ENDS_AT: (
        "ends at", "ends", "end", "end at", "end time", "ends time", "end date",
        "end date time", "end datetime", "end date and time", "end timestamp",
        "window end", "window ends", "window end time", "ending at", "ending time",
    ),
}  # fmt: skip

_NOT_WORD = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def normal_forms(name: str) -> tuple[str, str]:
    """Return a header name as words in lower case: as written, and with camelCase taken apart."""
    text = unicodedata.normalize("NFKC", name)
    as_written = _NOT_WORD.sub(" ", text.casefold()).strip()
    apart = _NOT_WORD.sub(" ", _CAMEL.sub(" ", text).casefold()).strip()
    return as_written, apart


def field_of(name: str) -> Field | None:
    """Return which field a header name means; None for a column that is only carried through."""
    for form in normal_forms(name):
        if (found := _FIELD_OF.get(form)) is not None:
            return found
    return None


def _table() -> dict[str, Field]:
    table: dict[str, Field] = {}
    for field, names in SPELLINGS.items():
        for name in names:
            for form in {name, name.replace(" ", "")}:
                if table.setdefault(form, field) is not field:
                    raise ValueError(f"{form!r} is a spelling of two fields")
    return table


_FIELD_OF = _table()
