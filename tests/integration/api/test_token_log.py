"""The ledger as the memory of token creations, over runs."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bulkcall.api import Api, NoToken
from bulkcall.clock import ManualClock
from bulkcall.ledger import Ledger
from bulkcall.records import CallRecord
from bulkcall.settings import Secret, Settings

pytestmark = pytest.mark.integration

NOW = 1_700_000_000_000
HALF_HOUR = 30 * 60
RECORD = CallRecord("919876543210", "919812345678", 1, 2, dynamic_label_name="Courier")


async def one_run(path, answer, clock):
    """Open the ledger as a run does, send one record, and be gone."""

    def respond(request):
        if request.url.path.endswith("/token"):
            return answer
        return httpx.Response(200, json={"status_info": {"status": "success"}})

    settings = Settings(
        base_url="https://api.example.invalid",
        client_account_id="acc",
        key_id=Secret("some-key-id-0001"),
        api_key=Secret("some-api-key-0001"),
    )
    ledger = Ledger.open(str(path))
    try:
        transport = httpx.MockTransport(respond)
        async with Api(settings, clock, token_log=ledger, transport=transport) as api:
            slot = api.slots[0]
            await api.send_record(slot, RECORD, await slot.realtime.acquire())
    finally:
        ledger.close()


def test_the_cap_holds_over_runs_through_the_ledger(tmp_path):
    """Ten runs create a token each, at once; the eleventh waits until the first is old enough."""
    clock = ManualClock(NOW, auto=True)
    good = httpx.Response(200, json={"token": "a-token-of-some-run"})
    for _ in range(10):
        asyncio.run(one_run(tmp_path / "ledger.db", good, clock))
    assert clock.monotonic() < 1
    asyncio.run(one_run(tmp_path / "ledger.db", good, clock))
    assert HALF_HOUR <= clock.monotonic() < HALF_HOUR + 10


def test_what_was_turned_away_does_not_count(tmp_path):
    """Twenty runs against a token call that is down leave all the room there was."""
    clock = ManualClock(NOW, auto=True)
    for _ in range(20):
        with pytest.raises(NoToken):
            asyncio.run(one_run(tmp_path / "ledger.db", httpx.Response(503), clock))
    good = httpx.Response(200, json={"token": "a-token-of-some-run"})
    asyncio.run(one_run(tmp_path / "ledger.db", good, clock))
    assert clock.monotonic() < 1
