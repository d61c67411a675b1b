"""Batches and what batch status shows of them as time goes by (api.md, Batch status)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bulkcall.sandbox.fates import Fate, fate_of
from bulkcall.sandbox.words import Masking

if TYPE_CHECKING:
    import random

    from bulkcall.sandbox.options import SandboxOptions

_MOST_FRACTION_DIGITS = 9


@dataclass(slots=True)
class Entry:
    """One element of a batch's `data`."""

    id: str
    record: dict[str, Any]
    message: str
    """Empty: success."""
    listed_at: float
    """Monotonic seconds."""
    final_at: float
    created_at: str
    sent: bool = True
    """False: nobody sent it."""


@dataclass(slots=True)
class Batch:
    """One accepted batch."""

    id: str
    made_ms: int
    final_at: float
    """Monotonic seconds at which nothing changes any more."""
    entries: list[Entry] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    """Records that were taken and are never listed."""


class BatchMaker:
    """Makes batches out of records: who is listed when, in which order, and as what."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._made = 0

    def make(
        self,
        records: list[dict[str, Any]],
        bad: frozenset[int],
        options: SandboxOptions,
        now: float,
        now_ms: int,
    ) -> Batch:
        """Make a batch; `bad` holds the positions of records that are against the rules."""
        rng = self._rng
        span = rng.uniform(options.processing_min_ms, options.processing_max_ms) / 1000
        batch = Batch(id=self._uuid(), made_ms=now_ms, final_at=now + span)
        wanted: list[tuple[dict[str, Any], str, Fate | None, bool]] = []
        for position, record in enumerate(records):
            if position in bad:
                wanted.append((record, "Invalid input", None, True))
                continue
            fate = fate_of(record) if options.rules == "digits" else None
            if fate is None:
                wanted.append((record, "", None, True))
                continue
            if not fate.listed:
                batch.left_out.append(record)
            wanted += [(record, fate.message, fate, True)] * fate.listed
            if fate.stranger:
                wanted.append((_stranger(record), "", None, False))
        if options.shuffle:
            rng.shuffle(wanted)
        count = len(wanted)
        for place, (record, message, fate, sent) in enumerate(wanted):
            listed = now + span * (0.2 + 0.4 * place / count)
            final = now + span * (0.5 + 0.5 * (place + 1) / count)
            batch.entries.append(
                Entry(
                    id=self._uuid(),
                    record=record,
                    message=message,
                    listed_at=listed if span else now,
                    final_at=final if fate is None or fate.final else float("inf"),
                    created_at=self._created_at(now_ms + int((listed - now) * 1000)),
                    sent=sent,
                )
            )
        return batch

    def _uuid(self) -> str:
        bits = f"{self._rng.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def _created_at(self, at_ms: int) -> str:
        # Any number of fractional digits (api.md): nine of them, then as many as its turn says.
        self._made += 1
        whole = dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        digits = self._made % (_MOST_FRACTION_DIGITS + 1)
        fraction = f"{at_ms % 1000:03d}{self._rng.randrange(10**6):06d}"[:digits]
        return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _stranger(record: dict[str, Any]) -> dict[str, Any]:
    # Like its neighbour, with a receiver that nobody asked for.
    return record | {"receiver_number": record["receiver_number"][:-5] + "00000"}


def listing(batch: Batch, account: str, options: SandboxOptions, now: float) -> dict[str, Any]:
    """Build the answer to batch status at `now`."""
    return {
        "client_account_id": account,
        "batch_id": batch.id,
        "data": [
            _element(entry, options, final=now >= entry.final_at)
            for entry in batch.entries
            if now >= entry.listed_at
        ],
    }


def _element(entry: Entry, options: SandboxOptions, *, final: bool) -> dict[str, Any]:
    record = entry.record
    if not final:
        info = {"status": options.working_word}
    elif entry.message:
        info = {"status": "error", "message": entry.message}
    else:
        info = {"status": "success"}
    get = record.get
    label = get("label_id")
    return {
        "id": entry.id,
        "caller_number": masked(str(get("caller_number")), options.masking),
        "receiver_number": masked(str(get("receiver_number")), options.masking),
        "label_id": label,
        # The name defaults to the label's own (api.md); this server made its names up.
        "dynamic_label_name": get("dynamic_label_name") or f"Label {str(label)[:8]}",
        "dynamic_call_reason": get("dynamic_call_reason"),
        "starts_at": get("starts_at"),
        "ends_at": get("ends_at"),
        "status_info": info,
        "created_at": entry.created_at,
    }


def masked(number: str, masking: Masking) -> str:
    """Mask a phone number: `91******7890` in part, `************` in whole."""
    if masking is Masking.ALL:
        return "*" * len(number)
    if masking is Masking.PART:
        return number[:2] + "*" * max(0, len(number) - 6) + number[2:][-4:]
    return number
