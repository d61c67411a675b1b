"""Batches and what becomes of their records as time goes by (api.md, Batch status)."""

from __future__ import annotations

import random
import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.sandbox.enums import BatchIds, Rules
from bulkcall.sandbox.test_numbers import TestNumber, test_number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.sandbox.options import SandboxOptions

_MOST_FRACTION_DIGITS = 9
_KEPT_UNPACKED = 64
_NEVER = float("inf")
_STRANGER_LATER_MS = 421_337


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
    """One accepted batch: what was sent, packed, and the seed that says what becomes of it."""

    id: str
    made: float
    """Monotonic seconds."""
    made_ms: int
    span: float
    """Seconds until nothing changes any more."""
    seed: int
    packed: bytes
    """The records as they came, compressed: a campaign's worth of them has to fit into memory."""
    bad: frozenset[int]
    """Positions of records against the rules."""
    rules: Rules
    shuffle: bool


class BatchBook:
    """All batches. Those asked for last are kept unpacked."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._batches: dict[str, Batch] = {}
        self._unpacked: OrderedDict[str, list[Entry]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._batches)

    def add(
        self,
        records: list[dict[str, Any]],
        bad: frozenset[int],
        options: SandboxOptions,
        now: float,
        now_ms: int,
    ) -> Batch:
        """Take a batch; `bad` holds the positions of records that are against the rules."""
        rng = self._rng
        most = options.processing_max_ms
        least = min(options.processing_min_ms, most)
        batch = Batch(
            id=_batch_id(rng, options.batch_ids),
            made=now,
            made_ms=now_ms,
            span=rng.uniform(least, most) / 1000,
            seed=rng.getrandbits(64),
            packed=zlib.compress(orjson.dumps(records), 1),
            bad=bad,
            rules=options.rules,
            shuffle=options.shuffle,
        )
        self._batches[batch.id] = batch
        return batch

    def get(self, batch_id: str) -> Batch | None:
        """Find a batch."""
        return self._batches.get(batch_id)

    def all(self) -> Iterator[Batch]:
        """Yield every batch, in the order in which they came."""
        yield from self._batches.values()

    def entries(self, batch: Batch) -> list[Entry]:
        """Unpack what batch status will list in the end."""
        found = self._unpacked.pop(batch.id, None)
        if found is None:
            found = unpack(batch)
        self._unpacked[batch.id] = found
        if len(self._unpacked) > _KEPT_UNPACKED:
            self._unpacked.popitem(last=False)
        return found


def unpack(batch: Batch) -> list[Entry]:
    """Work out who is listed when, in which order, and as what; the same each time."""
    rng = random.Random(batch.seed)  # noqa: S311 - order and digits, no secrets
    wanted: list[tuple[dict[str, Any], str, TestNumber | None, bool]] = []
    for position, record in enumerate(orjson.loads(zlib.decompress(batch.packed))):
        if position in batch.bad:
            wanted.append((record, "Invalid input", None, True))
            continue
        fate = test_number_of(record) if batch.rules is Rules.DIGITS else None
        if fate is None:
            wanted.append((record, "", None, True))
            continue
        # A record that is left out stands here as well, never to be listed.
        wanted += [(record, fate.message, fate, True)] * max(1, fate.listed)
        if fate.stranger:
            wanted.append((_stranger(record), "", None, False))
    if batch.shuffle:
        rng.shuffle(wanted)
    entries: list[Entry] = []
    for place, (record, message, fate, sent) in enumerate(wanted):
        # The first are listed after a fifth of the time, the last after three fifths of it, …
        listed = batch.span * (0.2 + 0.4 * place / len(wanted))
        # … and final from the half on.
        final = batch.span * (0.5 + 0.5 * (place + 1) / len(wanted))
        entries.append(
            Entry(
                id=_uuid(rng),
                record=record,
                message=message,
                listed_at=_NEVER if fate and not fate.listed else batch.made + listed,
                final_at=_NEVER if fate and not fate.final else batch.made + final,
                created_at=_created_at(rng, batch.made_ms + int(listed * 1000)),
                sent=sent,
            )
        )
    return entries


def _batch_id(rng: random.Random, form: BatchIds) -> str:
    if form is BatchIds.UUID:
        return _uuid(rng)
    digits = "".join(rng.choice("0123456789") for _ in range(9))
    if form is BatchIds.OPAQUE:
        return f"d76s5-dfg9d-o{digits[:5]}-{digits}"
    return f"ba/tch?id={digits}&x=1+1 %2F#é"


def _uuid(rng: random.Random) -> str:
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def _created_at(rng: random.Random, at_ms: int) -> str:
    # Any number of fractional digits (api.md), none included.
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000))
    digits = rng.randrange(_MOST_FRACTION_DIGITS + 1)
    fraction = f"{at_ms % 1000:03d}{rng.randrange(10**6):06d}"[:digits]
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _stranger(record: dict[str, Any]) -> dict[str, Any]:
    # Its neighbour's label, to a receiver and for a time that nobody asked for: the time tells it
    # apart even where numbers are masked.
    return record | {
        "receiver_number": record["receiver_number"][:-5] + "00000",
        "starts_at": record["starts_at"] + _STRANGER_LATER_MS,
        "ends_at": record["ends_at"] + _STRANGER_LATER_MS,
    }
