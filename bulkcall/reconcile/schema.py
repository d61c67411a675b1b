"""What a batch status answer may look like, as a pandera model, and its reading into records.

The model never applies the request's rules to what the server returns (api.md: its own example row
spans 32 hours). It says which shown values can be used as evidence; one that can't counts as not
shown and is reported as odd. Nothing that a server answers ends in a traceback.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from pandera.typing.pandas import Series

from bulkcall.reconcile.status_record import FINAL_WORDS, MASK, StatusRecord
from bulkcall.reconcile.times import epoch_ms
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBER = r"[0-9*Xx•#+\-().\s]*\Z"
_TIME = r"(?:-?\d{1,19}(?:\.\d*)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)\Z"
_HIDDEN = str.maketrans(
    {"X": MASK, "x": MASK, "•": MASK, "#": MASK} | dict.fromkeys("+-(). \t", "")
)


class BatchStatusListing(pa.DataFrameModel):
    """The elements of `data`, one a row, every value as text; null where the server shows none."""

    id: Series[str] = pa.Field(nullable=True)
    caller_number: Series[str] = pa.Field(nullable=True, str_matches=_NUMBER)
    """Whole, partly masked or fully masked."""
    receiver_number: Series[str] = pa.Field(nullable=True, str_matches=_NUMBER)
    label_id: Series[str] = pa.Field(nullable=True)
    dynamic_label_name: Series[str] = pa.Field(nullable=True)
    dynamic_call_reason: Series[str] = pa.Field(nullable=True)
    starts_at: Series[str] = pa.Field(nullable=True, str_matches=_TIME)
    """Epoch milliseconds; digits in quotes, epoch seconds and ISO 8601 are understood as well."""
    ends_at: Series[str] = pa.Field(nullable=True, str_matches=_TIME)
    status: Series[str] = pa.Field(nullable=True)
    """Any word; unknown ones are not final."""
    message: Series[str] = pa.Field(nullable=True)
    field: Series[str] = pa.Field(nullable=True)
    created_at: Series[str] = pa.Field(nullable=True, str_matches=_TIME)
    """Any number of fractional digits."""

    class Config:
        """Surplus keys are the server's own affair."""

        strict = "filter"


COLUMNS = tuple(BatchStatusListing.to_schema().columns)
_SHOWN = tuple(name for name in COLUMNS if name not in ("status", "message", "field"))

_OLDER_NAMES = {"caller_number": "caller", "receiver_number": "receiver"}
"""How the older version of the API names fields; a saved answer may be one of its."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One batch status answer, read."""

    records: list[StatusRecord]
    odd: Mapping[str, int] = field(default_factory=dict)
    """Field (or `element`) → how many of its values could not be read; empty if all could."""

    @property
    def odd_line(self) -> str:
        """Say what could not be read, in one line; empty if all could."""
        return ", ".join(f"{name} in {count}" for name, count in sorted(self.odd.items()))


def read_listing(elements: Sequence[object], odd: int = 0) -> Listing:
    """Read the elements of `data`.

    Args:
        elements: as the JSON had them, of any type.
        odd: how many elements were left out before, for not being objects.
    """
    objects = [element for element in elements if isinstance(element, dict)]
    unread = Counter({"element": odd + len(elements) - len(objects)})
    if not objects:
        return Listing([], +unread)
    columns = _columns(objects)
    for name, places in _faults(columns).items():
        unread[name] = len(places)
        for place in places:
            columns[name][place] = None
    return Listing([_listed(values) for values in zip(*columns.values(), strict=True)], +unread)


def _faults(columns: Mapping[str, list[str | None]]) -> dict[str, list[int]]:
    """Let the model judge: field → places of the values that it refuses."""
    frame = pd.DataFrame({name: pd.Series(one, dtype="str") for name, one in columns.items()})
    try:
        BatchStatusListing.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.dropna(subset=["index"])
        return {
            str(name): sorted({int(place) for place in group["index"]})
            for name, group in cases.groupby("column")
        }
    return {}


def _columns(objects: Sequence[Mapping[str, object]]) -> dict[str, list[str | None]]:
    columns = {name: [_text(_value(one, name)) for one in objects] for name in _SHOWN}
    infos = [one.get("status_info", one.get("statusInfo", one.get("status"))) for one in objects]
    columns["status"] = [
        _text(info.get("status")) if isinstance(info, dict) else _text(info) for info in infos
    ]
    for name in ("message", "field"):
        columns[name] = [
            _text(info.get(name)) if isinstance(info, dict) else _text(one.get(name))
            for info, one in zip(infos, objects, strict=True)
        ]
    return {name: columns[name] for name in COLUMNS}


def _value(one: Mapping[str, object], name: str) -> object:
    value = one.get(name)
    return one.get(_OLDER_NAMES[name]) if value is None and name in _OLDER_NAMES else value


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def _listed(values: tuple[str | None, ...]) -> StatusRecord:
    record_id, caller, receiver, label, name, reason, starts, ends, status, message, about, made = (
        values
    )
    caller_number = caller.translate(_HIDDEN) if caller else ""
    receiver_number = receiver.translate(_HIDDEN) if receiver else ""
    return StatusRecord(
        record_id or "",
        caller_number,
        receiver_number,
        caller_number.isdigit() and receiver_number.isdigit(),
        epoch_ms(starts),
        epoch_ms(ends),
        label or "",
        name or "",
        reason or "",
        status or "",
        FINAL_WORDS.get((status or "").strip().lower(), RowState.ACCEPTED),
        message or "",
        about or "",
        made or "",
    )
