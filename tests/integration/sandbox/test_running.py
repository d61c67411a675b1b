"""The sandbox in its own process, over real loopback HTTP."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bulkcall.sandbox import Fault, FaultKind, SandboxOptions
from bulkcall.sandbox.process import SandboxError, applied, read_journal, running

pytestmark = pytest.mark.integration

OPTIONS = SandboxOptions(static_tokens=("t",), processing_max_ms=0)
HEADERS = {"Authorization": "Bearer t"}


def record() -> dict[str, object]:
    """A good record."""
    now = time.time_ns() // 1_000_000
    return {
        "caller_number": "919800000001",
        "receiver_number": "919800000002",
        "starts_at": now,
        "ends_at": now + 3_600_000,
        "dynamic_label_name": "Bank",
    }


@pytest.fixture(scope="module")
def _shared():
    with running(OPTIONS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_shared):
    """One process for all, begun anew for each test."""
    _shared.reset()
    return _shared


def send(sandbox, what="", body=None, *, timeout=10.0) -> httpx.Response:
    """One request on a connection of its own."""
    path = f"/v2/clients/{sandbox.client_account_id}/dynamic_call_record{what}"
    with httpx.Client(base_url=sandbox.base_url, trust_env=False, timeout=timeout) as client:
        return client.post(path, json=body or record(), headers=HEADERS)


def test_the_whole_way(sandbox):
    """Token, batch, status: over real HTTP, and in the journal."""
    with httpx.Client(base_url=sandbox.base_url, trust_env=False) as client:
        pair = {"key_id": sandbox.key_id, "api_key": sandbox.api_key}
        made = client.post(
            f"/clients/{sandbox.client_account_id}/token",
            json=pair,
            headers={"X-Public-Access": "allow"},
        ).json()
        headers = {"Authorization": f"Bearer {made['token']}"}
        path = f"/v2/clients/{sandbox.client_account_id}/dynamic_call_records"
        sent = record()
        batch = client.post(path, json={"call_records": [sent]}, headers=headers).json()
        shown = client.get(path, params={"batchId": batch["batch_id"]}, headers=headers).json()
    assert shown["data"][0]["status_info"] == {"status": "success"}
    calls = [(e.call, e.status, e.applied) for e in sandbox.journal()]
    assert calls == [
        ("token", 200, True),
        ("batch_create", 200, True),
        ("batch_status", 200, False),
    ]
    entry = sandbox.journal(1)[0]
    assert entry.batch_id == batch["batch_id"]
    assert entry.records[0].ends_at == sent["ends_at"]
    assert sandbox.batches()[0]["records"][0]["record"] == sent


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        (Fault(kind=FaultKind.RESET), httpx.ReadError, False),
        (Fault(kind=FaultKind.RESET, applied=True), httpx.ReadError, True),
        (Fault(kind=FaultKind.TRUNCATED), httpx.RemoteProtocolError, True),
        (Fault(kind=FaultKind.HANG, seconds=0.05), httpx.RemoteProtocolError, False),
    ],
    ids=["reset", "reset after", "truncated", "hang"],
)
def test_cut_connections(sandbox, fault, error, applied):
    """A connection really ends as ordered, and the journal says what took effect."""
    sandbox.order(fault)
    with pytest.raises(error):
        send(sandbox)
    assert send(sandbox).status_code == 200
    assert [e.applied for e in sandbox.journal()] == [applied, True]


def test_a_hang_outlasts_the_client(sandbox):
    """A client that gives up on a hanging request leaves a line without a status."""
    sandbox.order("hang,applied=1")
    with pytest.raises(httpx.ReadTimeout):
        send(sandbox, timeout=0.2)
    (entry,) = sandbox.journal()
    assert (entry.status, entry.applied) == (None, True)


def test_away_and_back(sandbox):
    """Away means connection refused; back means all that was known is known."""
    assert send(sandbox).status_code == 200
    sandbox.away(0.5)
    seen: list[object] = [200]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not (seen[-1] == 200 and httpx.ConnectError in seen):
        try:
            seen.append(send(sandbox).status_code)
        except httpx.TransportError as error:
            seen.append(type(error))
            time.sleep(0.02)
    assert httpx.ConnectError in seen
    assert seen[-1] == 200
    assert sandbox.journal()[0].status == 200
    assert sandbox.journal()[-1].status == 200


def test_options_change_while_it_runs(sandbox):
    """A limit can be moved under a client's feet, an unknown option can't."""
    sandbox.set(realtime_limit=1)
    try:
        assert [send(sandbox).status_code for _ in range(2)] == [200, 429]
        assert sandbox.stats()["calls"]["realtime"]["sliding"]["over"] == 1
    finally:
        sandbox.set(realtime_limit=100)
    for wrong in ({"colour": "red"}, {"journal": "x"}, {"masking": "half"}):
        with pytest.raises(SandboxError, match="400"):
            sandbox.set(**wrong)


def test_orders_that_cant_be_read(sandbox):
    """An order that can't be read is refused by the server as well."""
    url = f"{sandbox.base_url}/_sandbox/faults"
    for body in (b'{"kind": "boom"}', b"{", b"[1]"):
        answer = httpx.post(url, content=body, trust_env=False)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_revoking_from_outside(sandbox):
    """All tokens revoked: 401 from the next request on."""
    sandbox.revoke()
    assert send(sandbox).status_code == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number, capfd):
    """Either signal ends it with status 0 and quietly; a hanging request gets no answer."""
    with running(OPTIONS, faults=["hang"]) as sandbox, ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(send, sandbox)
        while not sandbox.journal():
            time.sleep(0.01)
        sandbox.process.send_signal(number)
        assert sandbox.process.wait(10) == 0
        with pytest.raises(httpx.RemoteProtocolError):
            hanging.result()
    assert capfd.readouterr().err == ""


def test_it_dies_with_its_parent():
    """A parent that is killed leaves no sandbox behind."""
    program = (
        "from bulkcall.sandbox.process import running\n"
        "import os, signal\n"
        "with running() as s:\n"
        "    print(s.process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert parent.returncode == -signal.SIGKILL
    pid = int(parent.stdout)
    deadline = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(pid)


def test_same_port_again(tmp_path):
    """It can come back on the port that it had, and goes on with the journal's file."""
    path = tmp_path / "journal.jsonl"
    with running(OPTIONS, journal=str(path)) as sandbox:
        port = httpx.URL(sandbox.base_url).port
        assert send(sandbox).status_code == 200
        assert sandbox.stop() == 0
    with running(OPTIONS, port=port or 0, journal=str(path)) as sandbox:
        assert send(sandbox).status_code == 200
    with path.open("ab") as file:
        file.write(b'{"n": 3, "cut')
    entries = read_journal(path)
    assert [e.status for e in entries] == [200, 200]
    assert sum(applied(entries).values()) == 2


def test_https():
    """With a certificate it serves https, which a client has to trust first."""
    folder = Path(__file__).parent
    files = {name: str(folder / f"{name[:-4]}.pem") for name in ("certfile", "keyfile")}
    with running(OPTIONS, **files) as sandbox:
        assert sandbox.base_url.startswith("https://127.0.0.1:")
        assert sandbox.stats()["requests"] == 0
        with pytest.raises(httpx.ConnectError, match="certificate"):
            send(sandbox)
        context = ssl.create_default_context(cafile=files["certfile"])
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{sandbox.base_url}/_sandbox/stats").status_code == 200


def test_a_taken_port_is_told(sandbox, capfd):
    """A port that is taken is one line on standard error, and no sandbox."""
    port = httpx.URL(sandbox.base_url).port
    with pytest.raises(SandboxError, match="exit status 2"), running(port=port or 0):
        pass
    assert "Address already in use" in capfd.readouterr().err


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended; whoever inherited it has not looked yet.
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
