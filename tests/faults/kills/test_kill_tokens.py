"""A key pair in place of a ready token: what is created is kept, sealed, and used after a kill."""

from __future__ import annotations

import os
import signal

import pytest

from bulkcall.api.token_encryption import decrypt
from tests.faults.kills.forms import long
from tests.faults.kills.secrets_on_disk import SIGN, in_clear

CAP = 10
"""So many tokens the API creates in 30 minutes."""

# Where a process with one slot dies, and how many tokens its campaign costs, all told.
CREATING = {
    "before Ledger.note_token_creation": 1,
    "after Ledger.note_token_creation": 1,
    "after TokenIssuer.create": 2,  # nobody knows the first any more
    "before CachedToken.keep": 2,
    "after CachedToken.keep": 1,
}
SENDING = {
    "batch": ["before Ledger.take_batch", "after Api.create_batch", "before Ledger.note_poll"],
    "realtime": ["before Ledger.take_realtime", "after Ledger.record"],
}
POINTS = [
    ("batch", "after TokenIssuer.create", 2),
    long("batch", "before Ledger.note_token_creation", 1),
    long("batch", "after Ledger.note_token_creation", 1),
    long("batch", "before CachedToken.keep", 2),
    long("batch", "after CachedToken.keep", 1),
    *(long("realtime", point, created) for point, created in CREATING.items()),
    *(long("batch", point, 1) for point in SENDING["batch"]),
    ("realtime", "after Api.send_record", 1),
    *(long("realtime", point, 1) for point in SENDING["realtime"]),
    *(long(channel, "before publish", 1) for channel in SENDING),
]


@pytest.fixture
def keyed(place):
    """A place with a key pair, for one token."""
    place.use_keys()
    return place


@pytest.mark.parametrize(("channel", "point", "created"), POINTS)
def test_killed_with_a_key_pair(keyed, channel, point, created):
    """The next process goes on with the token that was kept; only one not kept yet is lost."""
    process = keyed.start(*keyed.begin(channel), at=f"{point} 1 kill")
    assert keyed.killed(process, f"{channel}, key pair, {point}"), process.err
    assert keyed.ended_well(channel).tokens == created
    assert len(keyed.kept()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "when"), [("batch", "before"), ("realtime", "after")])
def test_killed_at_every_commit_with_a_key_pair(new_place, channel, when):
    """Beside its first, second, third … commit: one token is enough for run and resume."""
    for nth in range(1, 1000):
        place = new_place()
        place.use_keys()
        process = place.start(*place.begin(channel), at=f"{when} commit {nth} kill")
        if not place.killed(process, f"{channel}, key pair, {when} commit"):
            break
        assert place.ended_well(channel).tokens == 1
    assert nth > CAP


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_ten_tokens_lost_and_the_cap_is_kept(keyed, channel):
    """Killed each time before it could keep its token, it does not ask for the eleventh."""
    arguments = keyed.begin(channel)
    for _ in range(CAP):
        process = keyed.start(*arguments, at="after TokenIssuer.create 1 kill")
        assert keyed.killed(process, f"{channel}, key pair, ten in a row"), process.err
        arguments = ("resume", "--json")
    process = keyed.start(*arguments)
    assert process.wait_for(lambda: "10 tokens were created" in process.err), process.err
    process.send(signal.SIGTERM)
    assert process.wait() == 4, process.err
    assert keyed.found().tokens == CAP
    assert not keyed.posts()
    # Half an hour later, by both clocks.
    keyed.sandbox.set(token_window=0.001)
    try:
        process = keyed.run("resume", "--json", at="before Ledger.hold 1 clock=1860000")
    finally:
        keyed.sandbox.set(token_window=1800.0)
    assert process.status == 3, process.err
    assert keyed.ended_well(channel).tokens == CAP + 1


@pytest.mark.parametrize("left", [long(0.0), 0.5])
def test_a_token_of_which_half_was_written_counts_as_none(keyed, left):
    """A place that was cut off is no trouble: another token is created, and kept."""
    process = keyed.start(*keyed.begin("batch"), at="after CachedToken.keep 1 kill")
    assert keyed.killed(process, "batch, key pair, after CachedToken.keep"), process.err
    [path] = keyed.kept()
    os.truncate(path, int(path.stat().st_size * left))
    assert keyed.ended_well("batch").tokens == 2
    assert keyed.kept() == [path]


def test_the_search_for_secrets_finds_a_token(keyed):
    """What is kept is a token; in clear it would be found, and so would it be in the ledger."""
    process = keyed.run(*keyed.begin("batch"))
    assert process.status == 3, process.err
    [path] = keyed.kept()
    text = decrypt(keyed.sandbox.api_key.encode(), path.name, path.read_bytes())
    assert SIGN in text
    assert in_clear(keyed.home) == []
    for name, secret in (("a", text), ("b", keyed.sandbox.api_key.encode())):
        (keyed.home / name).write_bytes(b"\0" + secret)
    assert sorted(path.name for path in in_clear(keyed.home)) == ["a", "b"]
    assert keyed.found().broken == {"in_clear": 2}
