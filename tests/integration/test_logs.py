"""Everything that a run says, searched for every phone number, key and token of the run.

The server is made to name the numbers wherever it can say something: in each record's message, in
refusals, in errors. The campaign's own cells may stand in outcomes.csv, rejected.csv and
report.xlsx, which are made of them, and nowhere else.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.contract.other_server import API_KEY, KEY_ID, Answer, OtherServer
from tests.integration.notify.listeners import listening

pytestmark = pytest.mark.integration

CALLER = "911140001234"
RECEIVERS = [f"9198765{place:05d}" for place in range(40, 64)]
TOLD = "pr1vate-in-the-address"
PASSWORD = "s3cr3t-passw0rd"  # noqa: S105 - a made-up one
MADE_OF_CELLS = {"outcomes.csv", "rejected.csv", "report.xlsx"}
AMBIGUOUS = "6591234567"
NOT_DIALLED = ["9876", "9.19877E+11", *[AMBIGUOUS] * 3]
"""What no number is, and a number that is valid both here and in Singapore."""


@dataclass
class Said:
    """All that a run said, by where it said it."""

    status: int
    places: dict[str, str]
    tokens: list[str]
    batches: list[str]
    """The ids that the server gave."""

    def lines(self):
        """Standard error, a JSON object a line."""
        return [json.loads(line) for line in self.places["stderr"].splitlines()]


def naming(record):
    """A message that names both numbers, as a talkative server would."""
    caller, receiver = record["caller_number"], record["receiver_number"]
    if receiver.endswith("3"):
        told = f"receiver {receiver} (+{receiver}) of {caller}: Not a Truecaller user"
        return {"status": "error", "message": told}
    return {"status": "success"}


@contextmanager
def talkative():
    """Run a server that names the numbers wherever it can."""
    server = OtherServer()
    server.mask = lambda number: number
    server.fate = naming
    try:
        yield server
    finally:
        server.close()


def say(folder, server, *arguments):
    """Run bulkcall over a small campaign, with everything on that tells anybody anything."""
    file = folder / "campaign.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["caller", "receiver", "label", "notes"])
        for receiver in (*RECEIVERS, *NOT_DIALLED):
            writer.writerow([CALLER, receiver, "Bank", "x"])
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(folder))
    command = [sys.executable, "-m", "bulkcall", "run", str(file), "--out", str(folder / "out")]
    with listening() as web:
        told = {
            "BULKCALL_NOTIFY_ON": "always",
            "BULKCALL_NOTIFY_WEBHOOK": web.url(f"/hook/{TOLD}"),
            "BULKCALL_HEARTBEAT_URL": web.url(f"/beat/{TOLD}"),
            "BULKCALL_OTLP_ENDPOINT": web.url(""),
            "BULKCALL_METRICS_FILE": str(folder / "bulkcall.prom"),
            "BULKCALL_SMTP_PASSWORD": PASSWORD,
            "BULKCALL_LEDGER": str(folder / "ledger.db"),
        }
        ended = subprocess.run(
            [*command, "--start", "now", "--window", "2h", "-vv", *arguments],
            cwd=folder,
            env=keep | homes | server.environment() | told,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    places = {"stdout": ended.stdout, "stderr": ended.stderr}
    for place, asked in enumerate(web.asked):
        places[f"told {place} {asked.method}"] = asked.body.decode("utf-8", "replace")
    for path in [folder / "bulkcall.prom", *(folder / "out").iterdir()]:
        if path.name not in MADE_OF_CELLS:
            places[path.name] = path.read_text(encoding="utf-8")
    return Said(ended.returncode, places, server.tokens, list(server.batches))


@pytest.fixture(scope="module")
def by_batch(tmp_path_factory):
    """A batch run over a server that is unwell, with JSON lines."""
    with talkative() as server:
        unwell(server)
        arguments = ("--channel", "batch", "--log-format", "json", "--json")
        return say(tmp_path_factory.mktemp("batch"), server, *arguments)


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory):
    """A real-time run over a server that is unwell, with lines of text."""
    with talkative() as server:
        unwell(server)
        return say(tmp_path_factory.mktemp("realtime"), server, "--channel", "realtime")


def leaks(said):
    """Where something stands that must not: (place, what)."""
    numbers = [AMBIGUOUS, *(number[2:] for number in (CALLER, *RECEIVERS))]
    secrets = [KEY_ID, API_KEY, TOLD, PASSWORD, *said.tokens]
    return [
        (place, what)
        for place, text in said.places.items()
        for what in (*numbers, *secrets)
        if what in text
    ]


def unwell(server):
    """Order answers that name numbers in every kind of failure."""
    named = f"call {RECEIVERS[0]} from {CALLER} went wrong"
    told = {"status_info": {"status": "error", "field": "receiver_number", "message": named}}
    failures = [
        Answer(500, {"message": named}),
        Answer(429, {"message": named}, {"Retry-After": "0"}),
        Answer(503, {"message": named}),
        Answer(400, told),
        Answer(401, {"message": named}),
    ]
    server.order("realtime", *failures)
    server.order("batch", *failures)
    server.order("status", Answer(500, {"message": named}), Answer(400, told))


@pytest.mark.parametrize("run", ["by_batch", "one_by_one"])
def test_nothing_that_a_run_says_names_anybody(run, request):
    """On each channel and in each format, at -vv: no number, key, token or secret address."""
    said = request.getfixturevalue(run)
    assert said.status == 3, said.places["stderr"]
    assert len([place for place in said.places if place.startswith("told")]) == 4
    assert {"stdout", "summary.json", "summary.md", "report.html", "bulkcall.prom"} <= set(
        said.places
    )
    assert re.search(r"row 1 is sent to 91•+\d{3}", said.places["stderr"]), "masked, not left out"
    assert leaks(said) == []


def test_a_stopped_run_names_nobody_either(tmp_path):
    """The reason for which a run stopped is quoted from the server, but for the numbers."""
    named = f"{RECEIVERS[0]} is blocked for +{CALLER}"
    told = {"status_info": {"status": "error", "message": named}}
    with talkative() as server:
        server.order("realtime", *[Answer(400, told)] * 99)
        said = say(tmp_path, server, "--channel", "realtime", "--turned-down-count", "2")
    assert said.status == 1, said.places["stderr"]
    assert "is blocked for" in said.places["stderr"]
    assert leaks(said) == []


def test_the_search_finds_what_is_there(by_batch):
    """The search itself works: put into the open, each kind of thing is found."""
    token = by_batch.tokens[0]
    shown = Said(0, {"open": f"{RECEIVERS[3]} {API_KEY} {token} {TOLD}"}, [token], [])
    assert {what for _, what in leaks(shown)} == {RECEIVERS[3][2:], API_KEY, TOLD, token}


def test_every_json_line_says_what_it_is_about(by_batch):
    """Lines about a run carry its id, lines about a batch its id, log lines their stage."""
    run_id = json.loads(by_batch.places["stdout"])["run_id"]
    lines = by_batch.lines()
    assert all({"at", "level", "message"} <= set(line) for line in lines)
    logged = [line for line in lines if line.get("stage") in {"send", "reconcile", "api"}]
    assert {line.get("run_id") for line in logged} == {run_id}
    for words, stage in (("accepted", "send"), ("status final", "reconcile")):
        found = [line for line in lines if words in line["message"]]
        assert {line["batch_id"] for line in found} == set(by_batch.batches)
        assert {line["stage"] for line in found} == {stage}
    told = " ".join(line["message"] for line in lines)
    for event in ("token created", "replacing it", "(HTTP 429)", "(HTTP 400)", "run is finished"):
        assert event in told
