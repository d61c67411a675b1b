"""Reconciling what others sent, over real HTTP and from a saved answer."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import httpx
import pytest

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.errors import InterruptedRun, UsageError
from bulkcall.progress import StopToken
from bulkcall.reconcile import adopt, ask, read_status_file
from tests.integration.reconcile.parts import receivers, reconciled, sandbox, settings_for
from tests.send_parts import BATCH, begin, outcomes

pytestmark = pytest.mark.integration

FATES = {"row_4": "99901", "row_7": "99906"}
TIMES = {"starts": [4102440000000] * 12, "ends": [4102444800000] * 12}


def asked(ledger, server, batch_ids, stop=None):
    """Ask for batches as `bulkcall reconcile --batch-id` does."""

    async def go():
        clock = SystemClock()
        async with Api(settings_for(server), clock, token_log=ledger) as api:
            return await ask(api, batch_ids, clock=clock, stop=stop or StopToken(), timeout=2.0)

    return asyncio.run(go())


def test_a_file_and_a_batch_of_somebody_else_give_the_same_report(ledger):
    """Rows that another tool sent, in two batches: each ends as the server says, none is sent."""
    rows = {"receivers": receivers(12, **FATES), **TIMES}
    with sandbox(masking="none") as server:
        sent, _, _ = reconciled(ledger, server, 12, size=6, stamp=False, timeout=3.0, rows=rows)
        batch_ids = sorted({row.batch_id for row in sent.values()})
        run = begin(ledger, 12, BATCH, run_id="theirs", **rows)
        answers = asked(ledger, server, batch_ids)
        made = [one for one in server.journal() if one.call == "batch_create"]
    assert len(made) == len(batch_ids) > 1
    adopt(ledger, run.run_id, answers, at=SystemClock().now_ms())
    found = outcomes(ledger, run)
    assert Counter(row.outcome for row in found.values()) == {
        "success": 10,
        "error": 1,
        "missing": 1,
    }
    assert found[4].message == "Not a Truecaller user"
    assert found[7].message.startswith("none of the batches")
    for row in set(found) - {7}:
        assert found[row].batch_id == sent[row].batch_id
        assert found[row].match == "number"
        assert found[row].sent_at is None
    assert sum(ledger.counts(run.run_id).values()) == 12
    assert ledger.waiting(run.run_id, with_doubt=True) == 0
    assert ledger.open_batches(run.run_id) == []


def test_a_saved_answer_does_without_the_server(ledger, tmp_path):
    """The status answer saved as JSON: the same ends, no request at all."""
    rows = {"receivers": receivers(12, row_4="99901"), **TIMES}
    with sandbox(masking="none") as server:
        sent, _, _ = reconciled(ledger, server, 12, stamp=False, rows=rows)
        token = httpx.post(
            f"{server.base_url}/clients/{server.client_account_id}/token",
            json={"key_id": server.key_id, "api_key": server.api_key},
            headers={"X-Public-Access": "allow"},
        ).json()["token"]
        answer = httpx.get(
            f"{server.base_url}/v2/clients/{server.client_account_id}/dynamic_call_records",
            params={"batchId": sent[1].batch_id},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer))
    run = begin(ledger, 12, BATCH, run_id="theirs", **rows)
    adopt(ledger, run.run_id, read_status_file(str(path)), at=SystemClock().now_ms())
    found = outcomes(ledger, run)
    assert Counter(row.outcome for row in found.values()) == {"success": 11, "error": 1}
    assert {row.batch_id for row in found.values()} == {sent[1].batch_id}


def test_an_unknown_batch_id_is_one_clear_line(ledger):
    """A batch id that the server does not know is a usage error that names it."""
    with sandbox() as server, pytest.raises(UsageError, match="batch no-such: "):
        asked(ledger, server, ["no-such"])


def test_a_stop_ends_the_asking(ledger):
    """A stop before the answers are in: an interrupted run, nothing compared."""
    stop = StopToken()
    stop.request("Ctrl-C")
    with sandbox() as server, pytest.raises(InterruptedRun, match="Ctrl-C"):
        asked(ledger, server, ["some-batch"], stop)
