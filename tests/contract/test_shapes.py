"""A run ends the same in each documented shape of the API's answers, and in either version."""

from __future__ import annotations

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")
USUAL = {"shape": "documented", "versions": "both", "batch_ids": "uuid", "masking": "all"}


@pytest.mark.parametrize(
    ("server", "environ"),
    [
        ({"shape": "camel"}, {}),
        ({"shape": "flat"}, {}),
        ({"shape": "old", "masking": "none"}, {}),
        ({"batch_ids": "awkward"}, {}),
        ({"versions": "2"}, {"BULKCALL_API_VERSION": "2"}),
        ({"versions": "3"}, {"BULKCALL_API_VERSION": "3"}),
        ({"versions": "3", "masking": "none"}, {"BULKCALL_API_VERSION": "3"}),
    ],
    ids=lambda given: "-".join(given.values()) or "none",
)
def test_every_shape_ends_in_success(client, sandbox, server, environ):
    """Both channels: every row is confirmed by the server's own word, whatever it is wrapped in."""
    try:
        sandbox.set(**server)
        for channel, first in (("batch", 0), ("realtime", 6)):
            client.campaign([(CALLER, number, "Parcel team") for number in receivers(6, first)])
            ended = client.run(
                *("run", "campaign.csv", *TIMES, "--channel", channel, "--out", channel, "--json"),
                environ=environ,
            )
            assert (ended.status, ended.json["outcomes"]["success"]) == (0, 6), ended
    finally:
        sandbox.set(**USUAL)


def test_the_wrong_version_says_that_the_path_is_not_there(client, sandbox):
    """A server without version 2: no row is lost to it, and each says why."""
    try:
        sandbox.set(versions="3")
        client.campaign([(CALLER, number, "Parcel team") for number in receivers(3)])
        ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json")
    finally:
        sandbox.set(**USUAL)
    assert (ended.status, ended.json["outcomes"]["failed"]) == (3, 3), ended
    assert {row["http_status"] for row in client.table("o/outcomes.csv")} == {"404"}
