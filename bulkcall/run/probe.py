"""Measures what no page of the API's documentation says, with a handful of records to own numbers.

What comes out holds no number, no secret and no text of the server's: kinds, counts, names of
fields and seconds, so that the file can be sent to the project.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from bulkcall.api import Api
from bulkcall.api.http_client import open_client
from bulkcall.api.requests import Paths, batch_body
from bulkcall.api.responses import parse
from bulkcall.errors import ServerAwayError, UsageError
from bulkcall.reconcile import HabitMemory
from bulkcall.reconcile.matching import match
from bulkcall.reconcile.schema import read_listing
from bulkcall.records import CallRecord
from bulkcall.run.credentials import require_credentials
from bulkcall.run.event_loop import loop_factory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings

RECORDS = 4
"""Records of the batch whose listing is looked at."""
MOST_NUMBERS = 5
WINDOW_MS = 15 * 60_000
STEP_MS = 1_237
"""Between the ends of two records: no whole second, so that cut times show."""
POLL_SECONDS = 1.0
BURST_PAUSE_SECONDS = 0.25
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}\Z")


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What may be sent, and for how long it is looked at."""

    caller: str
    receivers: tuple[str, ...]
    label_name: str = ""
    label_id: str = ""
    wait_seconds: float = 60.0
    status_requests: int = 90
    """Status requests at most, to see whether there is a limit; 0: it is not looked for."""


def probe(
    settings: Settings, ledger: Ledger, options: ProbeOptions, *, clock: Clock, progress: Progress
) -> dict[str, Any]:
    """Send a handful of records to the given numbers, and return what was measured.

    Raises:
        UsageError: a number is not one, or there is no label.
        SettingsError, CredentialsError: the account can't be used.
        ServerAwayError: the server gives no answer.
    """
    require_credentials(settings)
    records = _records(options, clock.now_ms())

    async def go() -> dict[str, Any]:
        async with Api(settings, clock, token_log=ledger, progress=progress) as api:
            token = await api.slots[0].source.get()
            async with open_client(settings) as client:
                client.headers["Authorization"] = f"Bearer {token.secret.reveal()}"
                client.headers["Content-Type"] = "application/json"
                return await _Probe(client, settings, options, clock, progress).run(records)

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(go())
    except httpx.HTTPError as error:
        raise ServerAwayError(f"the API gave no answer ({type(error).__name__})") from error


def _records(options: ProbeOptions, now_ms: int) -> list[CallRecord]:
    for number in (options.caller, *options.receivers):
        if not _NUMBER.match(number):
            raise UsageError(f"{number!r} is not a phone number: digits with the country code")
    if not 1 <= len(options.receivers) <= MOST_NUMBERS:
        raise UsageError(f"give 1 to {MOST_NUMBERS} numbers of your own with --to")
    if not options.label_name and not options.label_id:
        raise UsageError("give the label to show: --label NAME or --label-id ID")
    ends_at = (now_ms + WINDOW_MS) // 1000 * 1000 + 744
    return [
        CallRecord(
            options.caller,
            options.receivers[place % len(options.receivers)],
            ends_at - WINDOW_MS,
            ends_at - place * STEP_MS,
            options.label_id or None,
            options.label_name or None,
        )
        for place in range(RECORDS)
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    row: int
    record: CallRecord


class _Probe:
    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        options: ProbeOptions,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._client = client
        self._settings = settings
        self._paths = Paths(settings.base_url, settings.client_account_id, settings.api_version)
        self._options = options
        self._clock = clock
        self._progress = progress

    async def run(self, records: Sequence[CallRecord]) -> dict[str, Any]:
        found: dict[str, Any] = {"api_version": self._settings.api_version}
        self._progress.note(f"sending {len(records)} records to your own numbers")
        answer, created = await self._create(records)
        found["batch_create"] = answer
        if created:
            found["batch_status"] = await self._watch(created, records)
        self._progress.note("sending one good record and one whose window is over")
        found["one_bad_record"] = await self._one_bad(records[0])
        if created and self._options.status_requests:
            self._progress.note("asking for status until the limit shows, or often enough")
            found["status_limit"] = await self._limit(created)
        return found

    async def _create(self, records: Sequence[CallRecord]) -> tuple[dict[str, Any], str]:
        body = batch_body(records, self._settings.api_version)
        response = await self._client.post(self._paths.batch, content=body)
        told = parse(response.content)
        batch_id = told.get("batch_id") if isinstance(told, dict) else None
        if not isinstance(batch_id, str):
            return shape_of(response), ""
        kind = "uuid" if re.fullmatch(r"[0-9a-fA-F-]{36}", batch_id) else "opaque"
        return shape_of(response) | {"batch_id": kind}, batch_id

    async def _status(self, batch_id: str) -> httpx.Response:
        return await self._client.get(self._paths.status(batch_id))

    async def _watch(self, batch_id: str, records: Sequence[CallRecord]) -> dict[str, Any]:
        began = self._clock.monotonic()
        first_listed = final_at = None
        words: Counter[str] = Counter()
        answer: httpx.Response
        while True:
            answer = await self._status(batch_id)
            now = self._clock.monotonic() - began
            listing = read_listing(_elements(answer))
            words.update({_name(one.status) for one in listing.records})
            if listing.records and first_listed is None:
                first_listed = round(now, 1)
            if len(listing.records) >= len(records) and all(r.final for r in listing.records):
                final_at = round(now, 1)
                break
            if now >= self._options.wait_seconds:
                break
            await self._clock.sleep(POLL_SECONDS)
        rows = [_Row(place, record) for place, record in enumerate(records, 1)]
        matching = match(rows, listing.records)
        memory = HabitMemory()
        memory.note("", listing.records, matching)
        elements = _elements(answer)
        return shape_of(answer) | {
            "listed_records": len(listing.records),
            "first_listed_after_seconds": first_listed,
            "final_after_seconds": final_at,
            "status_words": sorted(words),
            "element_fields": sorted({_name(name) for one in elements for name in one}),
            "numbers": sorted({_mask(r.receiver_number, whole=r.whole) for r in listing.records}),
            "numbers_with_plus": any(
                str(one.get("caller_number", one.get("caller", ""))).startswith("+")
                for one in elements
            ),
            "times": (memory.lines() or ["as sent"])[0].partition(":")[0],
            "time_types": sorted({type(one.get("ends_at")).__name__ for one in elements}),
            "rows_found_by": dict(
                sorted(Counter(v.match.value or "nothing" for v in matching.verdicts).items())
            ),
            "unexpected_records": len(matching.unexpected),
            "unreadable_values": dict(listing.odd),
        }

    async def _one_bad(self, good: CallRecord) -> dict[str, Any]:
        past = self._clock.now_ms() - 3_600_000
        bad = CallRecord(
            good.caller_number,
            good.receiver_number,
            past - 3_600_000,
            past,
            good.label_id,
            good.dynamic_label_name,
        )
        answer, created = await self._create([good, bad])
        if not created:
            return answer | {"refuses_the_batch": answer["http_status"] == httpx.codes.BAD_REQUEST}
        await self._clock.sleep(min(self._options.wait_seconds, 10 * POLL_SECONDS))
        listing = read_listing(_elements(await self._status(created)))
        words = Counter(_name(one.status) for one in listing.records)
        return answer | {"refuses_the_batch": False, "listed": dict(sorted(words.items()))}

    async def _limit(self, batch_id: str) -> dict[str, Any]:
        began = self._clock.monotonic()
        for sent in range(1, self._options.status_requests + 1):
            response = await self._status(batch_id)
            seconds = round(self._clock.monotonic() - began, 1)
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return {
                    "limited": True,
                    "requests_before": sent - 1,
                    "in_seconds": seconds,
                    "answer": shape_of(response) | {"retry_after": _retry_after(response.headers)},
                }
            await self._clock.sleep(BURST_PAUSE_SECONDS)
        return {"limited": False, "requests": self._options.status_requests, "in_seconds": seconds}


def shape_of(response: httpx.Response) -> dict[str, Any]:
    """Return what kind of answer it is, without any of its values."""
    told = parse(response.content)
    shape: dict[str, Any] = {
        "http_status": response.status_code,
        "content_type": response.headers.get("content-type", "").partition(";")[0][:40],
        "limit_headers": sorted(
            name for name in response.headers if "ratelimit" in name.replace("-", "")
        ),
    }
    if isinstance(told, dict):
        shape["body"] = "object"
        shape["fields"] = sorted(_name(name) for name in told)
        info = told.get("status_info", told.get("statusInfo"))
        if isinstance(info, dict):
            shape["status_info_fields"] = sorted(_name(name) for name in info)
            shape["field_at_fault"] = _name(info.get("field") or "none")
    else:
        shape["body"] = "array" if isinstance(told, list) else "no JSON"
    return shape


def _elements(response: httpx.Response) -> list[dict[str, Any]]:
    told = parse(response.content)
    data = told.get("data") if isinstance(told, dict) else told
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _name(text: object) -> str:
    # A name that looks like one may be shown; anything else could be a value in its place.
    return text if isinstance(text, str) and _NAME.match(text) else "(other)"


def _mask(number: str, *, whole: bool) -> str:
    if whole:
        return "whole"
    return "in part" if number.strip("*") else "not at all"


def _retry_after(headers: Mapping[str, str]) -> str:
    text = headers.get("retry-after")
    if text is None:
        return "absent"
    return f"{int(text)} seconds" if text.isascii() and text.isdigit() else "a date or other text"
