"""A receiver's last digits decide: every entry of the table, on both channels."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from bulkcall.sandbox.enums import Masking, Rules
from bulkcall.sandbox.test_numbers import TEST_NUMBERS

ERRORS = {
    "99901": "Not a Truecaller user",
    "99902": "OS not supported",
    "99903": "App version not supported",
    "99904": "Failed to push",
    "99905": "Invalid input",
}


def to(digits: str) -> str:
    """A receiver that ends so."""
    return "9198765" + digits


def batch_of(at, digits: str):
    """Listing of a batch with a good record and one with the digits."""
    good = at.record(receiver_number="919876500000")
    data = at.run_batch([good, at.record(receiver_number=to(digits))])
    return {e["receiver_number"]: e["status_info"] for e in data}


@pytest.mark.parametrize(("digits", "message"), ERRORS.items())
def test_errors(desk, digits, message):
    """The documented reasons, in a batch and in real time."""
    at = desk(masking=Masking.NONE)
    info = {"status": "error", "message": message}
    assert batch_of(at, digits) == {"919876500000": {"status": "success"}, to(digits): info}
    reply = at.realtime(receiver_number=to(digits))
    assert (reply.status, orjson.loads(reply.body)) == (200, {"status_info": info})


def test_left_out(desk):
    """99906 is taken, and never listed."""
    at = desk(masking=Masking.NONE)
    assert batch_of(at, "99906") == {"919876500000": {"status": "success"}}
    assert at.realtime(receiver_number=to("99906")).word == "success"


def test_never_final(desk):
    """99907 stays what it is for ever."""
    at = desk(masking=Masking.NONE)
    assert batch_of(at, "99907")[to("99907")] == {"status": "processing"}


@pytest.mark.parametrize(
    ("digits", "status", "applied"),
    [("99908", 400, False), ("99909", 503, False), ("99910", 502, True), ("99911", 200, True)],
)
def test_whole_requests(desk, digits, status, applied):
    """What befalls a request befalls the record alone; in company the request is refused."""
    at = desk()
    record = at.record(receiver_number=to(digits))
    for reply in (at.realtime(record), at.create([record])):
        assert (reply.status, reply.applied) == (status, applied)
    assert at.create([record, at.record()]).status == 400
    assert len(at.sandbox.batches) == int(applied)


def test_unreadable_success_is_no_json(desk):
    """99911 is answered 200 with a page."""
    reply = desk().realtime(desk().record(receiver_number=to("99911")))
    assert reply.status == 200
    assert reply.body.startswith(b"<html>")


def test_twice_and_stranger(desk):
    """99912 is listed twice; 99913 comes with a record that nobody sent, for another time."""
    at = desk(masking=Masking.NONE)
    sent = [at.record(receiver_number=to(digits)) for digits in ("99912", "99913")]
    data = at.run_batch(sent)
    stamps = {e["receiver_number"]: e["ends_at"] for e in data}
    assert stamps.pop("919876500000") != sent[0]["ends_at"]
    assert set(stamps.values()) == {sent[0]["ends_at"]}
    assert sorted(e["receiver_number"] for e in data) == [
        "919876500000",
        to("99912"),
        to("99912"),
        to("99913"),
    ]


@pytest.mark.parametrize("fate", TEST_NUMBERS, ids=lambda f: f.digits)
def test_rules_off(desk, fate):
    """Without rules every one of these succeeds."""
    at = desk(rules=Rules.NONE)
    assert at.realtime(receiver_number=to(fate.digits)).word == "success"
    (element,) = at.run_batch([at.record(receiver_number=to(fate.digits))])
    assert element["status_info"] == {"status": "success"}


@pytest.mark.parametrize("fate", TEST_NUMBERS, ids=lambda f: f.digits)
def test_documented(fate):
    """docs/sandbox.md lists every fate in its own words."""
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{fate.digits}` |")]
    assert fate.what in line
    assert fate.message in line
