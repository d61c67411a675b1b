"""The four calls against the sandbox, over real loopback HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest

from bulkcall.api import Api, ApiFailure, BadRequest, RateLimited
from bulkcall.clock import SystemClock
from bulkcall.errors import CredentialsError
from bulkcall.records import CallRecord
from bulkcall.sandbox.process import running
from bulkcall.settings import Secret, Settings

pytestmark = pytest.mark.integration


class Log:
    """A token log in memory."""

    def __init__(self):
        self.noted = []

    def token_creations(self, account, since):
        """Give what was noted."""
        return [at for at in self.noted if at >= since]

    def note_token_creation(self, account, at):
        """Note one."""
        self.noted.append(at)

    def forget_token_creation(self, account, at):
        """Take one back."""
        self.noted.remove(at)


@pytest.fixture(scope="module")
def module_sandbox():
    """One sandbox for the whole file."""
    with running(processing_min_ms=0, processing_max_ms=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(module_sandbox):
    """The sandbox, as new."""
    module_sandbox.reset()
    module_sandbox.set(counting="sliding", arrival_jitter_ms=0, token_life=3600)
    return module_sandbox


def open_api(sandbox, **changes):
    """Open an Api on the sandbox."""
    given = {
        "base_url": sandbox.base_url,
        "client_account_id": sandbox.client_account_id,
        "key_id": Secret(sandbox.key_id),
        "api_key": Secret(sandbox.api_key),
        **changes,
    }
    return Api(Settings(**given), SystemClock(), token_log=Log())


def record(last=0, **changes):
    """Make a record that is good for an hour."""
    now = int(time.time() * 1000)
    given = {
        "caller_number": "919876543210",
        "receiver_number": f"9198123{last:05d}",
        "starts_at": now,
        "ends_at": now + 3_600_000,
        "dynamic_label_name": "Courier",
        **changes,
    }
    return CallRecord(**given)


async def send(api, given=None):
    """Send one record."""
    slot = api.slots[0]
    return await api.send_record(slot, given or record(), await slot.realtime.acquire())


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_of_the_api(sandbox, version):
    """A server that speaks one version alone: path and plus are the setting's."""
    sandbox.set(versions=str(version))

    async def run():
        async with open_api(sandbox, api_version=version) as api:
            assert (await send(api)).success
            slot = api.slots[0]
            batch = await api.create_batch(slot, [record()], await slot.batch.acquire())
            assert len((await api.batch_status(slot, batch.batch_id)).records) == 1

    asyncio.run(run())
    assert {entry.status for entry in sandbox.journal()} == {200}
    sandbox.set(versions="both")


def test_all_four_calls(sandbox):
    """A token, a record, a batch, and its status."""

    async def run():
        async with open_api(sandbox) as api:
            await api.open_slots()
            answer = await send(api)
            assert (answer.success, answer.http_status) == (True, 200)
            assert answer.message == "Record processed successfully"
            slot = api.slots[0]
            batch = await api.create_batch(
                slot, [record(i) for i in range(500)], await slot.batch.acquire()
            )
            status = await api.batch_status(slot, batch.batch_id)
            assert len(status.records) == 500
            assert status.envelope["batch_id"] == batch.batch_id

    asyncio.run(run())
    calls = [(entry.call, entry.status) for entry in sandbox.journal()]
    assert calls == [
        ("token", 200),
        ("realtime", 200),
        ("batch_create", 200),
        ("batch_status", 200),
    ]


def test_a_refusal(sandbox):
    """400 with the server's own message and field."""

    async def run():
        async with open_api(sandbox) as api:
            with pytest.raises(BadRequest) as caught:
                await send(api, record(starts_at=1, ends_at=2))
            assert caught.value.field == "ends_at"
            assert "ends_at cannot be older than current time" in caught.value.message

    asyncio.run(run())


def test_a_revoked_token(sandbox):
    """It is replaced, the record goes again, and is taken once."""

    async def run():
        async with open_api(sandbox) as api:
            await send(api)
            sandbox.revoke()
            answer = await send(api)
            assert (answer.success, answer.requests) == (True, 2)

    asyncio.run(run())
    assert [entry.status for entry in sandbox.journal() if entry.call == "realtime"] == [
        200,
        401,
        200,
    ]
    assert sum(entry.applied for entry in sandbox.journal() if entry.call == "realtime") == 2


def test_the_500_that_means_a_bad_token(sandbox):
    """It is treated as a 401."""

    async def run():
        async with open_api(sandbox) as api:
            await send(api)
            sandbox.order("bad_token@realtime")
            assert (await send(api)).requests == 2

    asyncio.run(run())


def test_wrong_keys(sandbox):
    """A key pair that is none stops with a credentials error."""

    async def run():
        async with open_api(sandbox, api_key=Secret("00000000-0000-4000-8000-00000000dead")) as api:
            with pytest.raises(CredentialsError, match="BULKCALL_API_KEY") as caught:
                await api.open_slots()
            assert "dead" not in str(caught.value)

    asyncio.run(run())


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_429_pauses_the_lane(sandbox, form):
    """Each form of Retry-After is kept to."""

    async def run():
        async with open_api(sandbox) as api:
            await send(api)
            sandbox.order(f"limit@realtime,retry_after={form},seconds=30")
            with pytest.raises(RateLimited):
                await send(api)
            assert 28 < api.slots[0].realtime.paused <= 31

    asyncio.run(run())


@pytest.mark.parametrize("counting", ["sliding", "fixed", "bucket"])
def test_the_pace_is_the_limit_and_never_over_it(sandbox, counting):
    """Two seconds at full pace with 10 ms of jitter: no 429 under any way of counting."""
    sandbox.set(counting=counting, arrival_jitter_ms=10)
    outcomes = []

    async def go(api, turn):
        try:
            await api.send_record(api.slots[0], record(), turn)
            outcomes.append("taken")
        except ApiFailure as failure:
            outcomes.append(type(failure).__name__)

    async def run():
        async with open_api(sandbox) as api:
            await api.open_slots()
            async with asyncio.TaskGroup() as group:
                for _ in range(200):
                    group.create_task(go(api, await api.slots[0].realtime.acquire()))

    asyncio.run(run())
    assert outcomes == ["taken"] * 200
    arrivals = [entry.mono for entry in sandbox.journal() if entry.call == "realtime"]
    assert len(arrivals) == 200
    assert all(b - a > 1.0 for a, b in zip(arrivals, arrivals[100:], strict=False))
