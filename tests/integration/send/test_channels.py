"""Both channels against a sandbox in its own process, over real loopback HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.progress import StopToken
from bulkcall.records import OnUnknown
from bulkcall.sandbox.process import running
from bulkcall.send import send
from bulkcall.settings import Secret, Settings
from tests.send_parts import BATCH, REALTIME, Notes, begin, counts, outcomes

pytestmark = pytest.mark.integration


def settings(sandbox, **changes):
    """Settings that point to a sandbox."""
    return Settings(
        **{
            "base_url": sandbox.base_url,
            "client_account_id": sandbox.client_account_id,
            "key_id": Secret(sandbox.key_id),
            "api_key": Secret(sandbox.api_key),
        }
        | changes
    )


def go(ledger, run, set_, *, limit=None, on_unknown=OnUnknown.RESEND):
    """Send with the real client."""
    notes, clock, stop = Notes(), SystemClock(), StopToken()

    async def main():
        async with Api(set_, clock, token_log=ledger, progress=notes, stop=stop) as api:
            await send(
                ledger,
                run,
                api,
                set_,
                clock=clock,
                progress=notes,
                stop=stop,
                limit=limit,
                on_unknown=on_unknown,
            )

    asyncio.run(main())
    return notes


def test_realtime_through_the_sandbox(ledger):
    """150 rows at the real limit: each is in the server's journal once, and a success here."""
    with running(rules="none") as sandbox:
        run = begin(ledger, 150, REALTIME, base_url=sandbox.base_url)
        go(ledger, run, settings(sandbox))
        entries = [entry for entry in sandbox.journal() if entry.call == "realtime"]
    assert counts(ledger, run) == {"success": 150}
    assert Counter(r.receiver_number for e in entries if e.applied for r in e.records) == Counter(
        str(919810000000 + 10 * row) for row in range(1, 151)
    )
    assert not [entry for entry in entries if entry.status == 429]
    assert ledger.run(run.run_id).requests == len(entries) == 150


def test_batches_with_two_tokens(ledger):
    """1,300 rows and two tokens: three batches, accepted, each record with a stamp of its own."""
    with running(rules="none") as sandbox:
        run = begin(ledger, 1300, BATCH, base_url=sandbox.base_url)
        go(ledger, run, settings(sandbox, tokens=2))
        entries = [entry for entry in sandbox.journal() if entry.call == "batch_create"]
    assert counts(ledger, run) == {"pending": 1300}
    assert [entry.status for entry in entries] == [200, 200, 200]
    assert len({entry.token for entry in entries}) == 2
    for entry in entries:
        assert len({record.ends_at for record in entry.records}) == len(entry.records)
    assert {row.batch_id for row in outcomes(ledger, run).values()} == {
        entry.batch_id for entry in entries
    }


@pytest.mark.parametrize(("channel", "accepted"), [(REALTIME, "success"), (BATCH, "pending")])
def test_every_fate_that_a_receiver_can_have(ledger, channel, accepted):
    """Among good rows: refused, failed, unknown (502 and unreadable), each told by row."""
    fates = {"99908": "refused", "99909": "failed", "99910": "unknown", "99911": "unknown"}
    receivers = [919810000000 + row for row in range(1, 41)]
    for place, ending in zip((4, 11, 22, 33), fates, strict=True):
        receivers[place] = int("9198100" + ending)
    with running() as sandbox:
        run = begin(ledger, 40, channel, base_url=sandbox.base_url, receivers=receivers)
        set_ = settings(sandbox, max_tries=2, batch_per_minute=3000, realtime_per_second=1000)
        sandbox.set(batch_limit=0, realtime_limit=0)
        go(ledger, run, set_)
        applied = Counter(
            r.receiver_number for e in sandbox.journal() if e.applied for r in e.records
        )
    found = outcomes(ledger, run)
    for row, receiver in enumerate(receivers, 1):
        expected = fates.get(str(receiver)[-5:], accepted)
        assert found[row].outcome == expected, (row, found[row])
        if expected in ("refused", "failed"):
            assert applied[str(receiver)] == 0
        if applied[str(receiver)] > 1:
            assert found[row].attempts > 1
        if expected == "failed" and channel is REALTIME:
            assert found[row].attempts == 0
