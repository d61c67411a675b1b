"""`bulkcall probe`: what no page says, measured, without numbers or secrets in what it writes."""

from __future__ import annotations

import json

import pytest

ASKED = ("--caller", "918045678900", "--to", "+91 98765-43211", "--label", "Parcel team")
QUICK = ("--wait-seconds", "10", "--status-requests", "6")


def test_nothing_is_sent_without_consent(client, sandbox):
    """Without --yes: one line, exit 2, no request."""
    ended = client.run("probe", *ASKED)
    assert ended.status == 2
    assert "--yes" in ended.err
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"masking": "all"}, ("not at all", "as sent", True)),
        ({"masking": "part", "times": "cut"}, ("in part", "this server keeps whole seconds", True)),
        (
            {"masking": "none", "bad_record": "list", "batch_ids": "opaque"},
            ("whole", "as sent", False),
        ),
    ],
    ids=["masked", "seconds", "whole"],
)
def test_what_is_measured(client, sandbox, options, expected):
    """Masks, habits of time, what a bad record does, when a batch is final: as the server is."""
    sandbox.set(**options)
    ended = client.run("probe", *ASKED, *QUICK, "--yes", "--json")
    assert ended.status == 0, ended
    written = (client.folder / "bulkcall-probe.json").read_text()
    found = json.loads(written)
    status = found["batch_status"]
    assert (status["numbers"], status["times"], found["one_bad_record"]["refuses_the_batch"]) == (
        [expected[0]],
        expected[1],
        expected[2],
    )
    assert status["listed_records"] == 4
    assert status["final_after_seconds"] is not None
    assert found["status_limit"]["limited"] is False
    for secret in ("98765", "8045678900", "Parcel team", sandbox.api_key, sandbox.key_id):
        assert secret not in written
        assert secret not in ended.out


def test_a_limit_of_status_and_what_its_429_carries(client, sandbox):
    """The first 429 ends the looking; its Retry-After is told by its form."""
    sandbox.order("limit@batch_status,after=4,times=0,seconds=7")
    ended = client.run("probe", *ASKED, *QUICK, "--yes", "--json")
    assert ended.status == 0, ended
    limit = json.loads((client.folder / "bulkcall-probe.json").read_text())["status_limit"]
    assert limit["limited"] is True
    assert limit["answer"]["retry_after"] == "7 seconds"
    assert limit["answer"]["http_status"] == 429


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--caller", "12", "--to", "919876543211", "--label", "x"), "not a phone number"),
        (("--caller", "918045678900", "--to", "919876543211"), "--label"),
    ],
)
def test_what_is_wrong_with_the_request_is_one_line(client, sandbox, arguments, told):
    """A number that is none, no label: exit 2 and one clear line, no record sent."""
    ended = client.run("probe", *arguments, "--yes")
    assert ended.status == 2
    assert told in ended.err
    assert sandbox.journal() == []
