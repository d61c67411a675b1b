"""How batch status shows a batch: masks, the habits of time, the shapes of the answer (api.md)."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING, Any

from bulkcall.sandbox.enums import Masking, NumberForm, Shape, TimeForm, TimesShown

if TYPE_CHECKING:
    from bulkcall.sandbox.batches import Batch, Entry
    from bulkcall.sandbox.options import SandboxOptions

EXAMPLE_SPAN_MS = 32 * 3_600_000
"""How far the documentation's own example is from its start to its end."""
_YEAR_MS = 365 * 86_400_000


def listing(
    batch: Batch, entries: list[Entry], account: str, options: SandboxOptions, now: float
) -> Any:
    """Build the answer to batch status at `now` (monotonic seconds)."""
    shown = [
        _element(entry, options, final=now >= entry.final_at)
        for entry in entries
        if now >= entry.listed_at
    ]
    if options.shape is Shape.OLD:
        return shown
    return {"client_account_id": account, "batch_id": batch.id, "data": shown}


def _element(entry: Entry, options: SandboxOptions, *, final: bool) -> dict[str, Any]:
    record = entry.record
    get = record.get
    caller = shown_number(str(get("caller_number")), options)
    receiver = shown_number(str(get("receiver_number")), options)
    starts_at, ends_at = _times(entry, options)
    label = get("label_id")
    element: dict[str, Any] = {
        "id": entry.id,
        "caller_number": caller,
        "receiver_number": receiver,
        "label_id": label,
        # The name defaults to the label's own (api.md); this server made its names up.
        "dynamic_label_name": get("dynamic_label_name") or f"Label {str(label)[:8]}",
        "dynamic_call_reason": get("dynamic_call_reason"),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "status_info": _status_info(entry, options, final=final),
        "created_at": entry.created_at,
    }
    if options.times is TimesShown.ABSENT:
        del element["starts_at"], element["ends_at"]
    return _shaped(element, options.shape)


def _status_info(entry: Entry, options: SandboxOptions, *, final: bool) -> dict[str, str]:
    if not final:
        return {"status": options.working_word}
    if entry.message:
        return {"status": "error", "message": entry.message}
    return {"status": "success"}


def _shaped(element: dict[str, Any], shape: Shape) -> dict[str, Any]:
    if shape is Shape.DOCUMENTED:
        return element
    info = element.pop("status_info")
    if shape is Shape.CAMEL:
        return element | {"statusInfo": info}
    if shape is Shape.OLD:
        element["caller"] = element.pop("caller_number")
        element["receiver"] = element.pop("receiver_number")
    element.update(info)
    return element


def shown_number(number: str, options: SandboxOptions) -> str:
    """Write a number as batch status shows it: masked, with or without a plus."""
    plus = "+" if number.startswith("+") else ""
    digits = masked(number.removeprefix("+"), options.masking)
    if options.number_form is not NumberForm.SENT:
        plus = "+" if options.number_form is NumberForm.PLUS else ""
    return digits if options.masking is Masking.ALL else plus + digits


def masked(number: str, masking: Masking) -> str:
    """Mask a phone number: `91******7890` in part, `************` in whole."""
    if masking is Masking.ALL:
        return "*" * len(number)
    if masking is Masking.PART:
        return number[:2] + "*" * max(0, len(number) - 6) + number[2:][-4:]
    return number


def _times(entry: Entry, options: SandboxOptions) -> tuple[Any, Any]:
    starts_at, ends_at = entry.record.get("starts_at"), entry.record.get("ends_at")
    if type(starts_at) is not int or type(ends_at) is not int:
        return starts_at, ends_at  # listed as 'Invalid input', as it came
    starts_at += options.start_shift_ms
    ends_at += options.end_shift_ms
    unit = options.time_unit_ms
    match options.times:
        case TimesShown.CUT:
            starts_at, ends_at = starts_at // unit * unit, ends_at // unit * unit
        case TimesShown.ROUNDED:
            half = unit // 2
            starts_at = (starts_at + half) // unit * unit
            ends_at = (ends_at + half) // unit * unit
        case TimesShown.SPAN:
            ends_at = starts_at + EXAMPLE_SPAN_MS
        case TimesShown.UNRELATED:
            other = zlib.crc32(entry.id.encode()) * 7_919 % _YEAR_MS
            starts_at, ends_at = 1_700_000_000_000 + other, 1_700_000_000_000 + 2 * other
        case TimesShown.SENT | TimesShown.ABSENT:
            pass
    return _written(starts_at, options.time_form), _written(ends_at, options.time_form)


def _written(at_ms: int, form: TimeForm) -> Any:
    match form:
        case TimeForm.MS:
            return at_ms
        case TimeForm.SECONDS:
            return at_ms // 1000
        case TimeForm.TEXT:
            return str(at_ms)
        case TimeForm.ISO:
            moment = dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC)
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
