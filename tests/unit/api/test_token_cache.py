"""Tokens that are kept: who gets them, when not, and what their files show."""

from __future__ import annotations

import asyncio
import os
import stat

import httpx
import pytest

from bulkcall.api import Api
from bulkcall.api.token_cache import LEAST_LEFT_MS, PLACES, hold_cached_tokens
from bulkcall.api.tokens import Token
from bulkcall.clock import ManualClock
from bulkcall.settings import Secret
from tests.unit.api.parts import API_KEY, KEY_ID, NOW, Log, Notes, Server, send, settings

MINUTE = 60_000


@pytest.fixture
def folder(tmp_path):
    """Where tokens are kept."""
    return tmp_path / "state"


def run(folder, server, *, calls=1, at=NOW, log=None, notes=None, **changes):
    """Be one process: open the Api at this time, send so many records, close it."""

    async def go():
        async with Api(
            settings(**changes),
            ManualClock(at, auto=True),
            token_log=log or Log(),
            transport=httpx.MockTransport(server),
            progress=notes,
            state_dir=folder,
        ) as api:
            await api.open_slots()
            for number in range(calls):
                await send(api, slot=number % len(api.slots))

    asyncio.run(go())


def test_the_next_process_goes_on_with_the_token(folder):
    """Five processes one after the other, one token."""
    server = Server()
    for _ in range(5):
        run(folder, server)
    assert server.tokens == 1
    assert set(server.bearers) == {"token-number-1"}


def test_nothing_secret_can_be_read_from_the_files(folder):
    """Neither token nor keys nor account; folder and files are the user's own."""
    run(folder, Server(), tokens=2, calls=2)
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.suffix == ".token" and path.stat().st_size > 0 for path in found) == 2
    for path in found:
        content = path.read_bytes() + path.name.encode()
        for secret in ("token-number", KEY_ID, API_KEY, "acc/1", "example.invalid"):
            assert secret.encode() not in content
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": Secret("another-key")},
        {"key_id": Secret("another-id")},
        {"client_account_id": "acc/2"},
        {"base_url": "https://other.example.invalid"},
        {"batch_per_minute": 30.0},
    ],
)
def test_other_settings_get_a_token_of_their_own(folder, changes):
    """A token, and the pace that is noted for it, are for one key, account, server and limit."""
    server = Server()
    run(folder, server)
    run(folder, server, **changes)
    run(folder, server)
    assert server.tokens == 2
    assert server.bearers == ["token-number-1", "token-number-2", "token-number-1"]


@pytest.mark.parametrize(("minutes", "created"), [(54, 1), (56, 2), (200, 2), (-10, 2)])
def test_a_token_near_its_end_is_not_taken(folder, minutes, created):
    """An hour's token is taken with five minutes left; not from the future either."""
    server = Server()
    run(folder, server)
    run(folder, server, at=NOW + minutes * MINUTE)
    assert server.tokens == created


def test_a_token_that_the_server_forgot_is_replaced_and_dropped(folder):
    """A 401 to a kept token is no credentials problem: one new token, kept instead."""
    server = Server()
    run(folder, server)
    server.revoked.add("token-number-1")
    run(folder, server)
    run(folder, server)
    assert server.tokens == 2
    assert server.bearers[-2:] == ["token-number-2"] * 2


def test_a_token_that_was_never_taken_is_not_kept(folder):
    """A 401 to a token just created stops the run, and leaves nothing behind."""
    from bulkcall.errors import CredentialsError

    server = Server(lambda request: httpx.Response(401, json={"slug": "authorization-error"}))
    with pytest.raises(CredentialsError):
        run(folder, server)
    assert [p.stat().st_size for p in folder.rglob("*.token")] == [0]


def test_two_at_once_have_two_tokens(folder):
    """A token in use by one process is not given to another; later either is."""
    server, clock = Server(), ManualClock(NOW, auto=True)

    async def go():
        one, other = (
            Api(
                settings(),
                clock,
                token_log=Log(),
                transport=httpx.MockTransport(server),
                state_dir=folder,
            )
            for _ in range(2)
        )
        async with one, other:
            await send(one)
            await send(other)

    asyncio.run(go())
    assert server.tokens == 2
    run(folder, server, tokens=2, calls=2)
    assert server.tokens == 2
    assert sorted(server.bearers[-2:]) == ["token-number-1", "token-number-2"]


def test_kept_tokens_count_where_the_cap_leaves_no_room(folder):
    """With two tokens kept and no creation left, both are used, and no third is waited for."""
    server, notes = Server(), Notes()
    run(folder, server, tokens=2, calls=2)
    full = Log(*(NOW - n for n in range(10)))
    run(folder, server, tokens=3, calls=3, log=full, notes=notes)
    assert server.tokens == 2
    assert notes.lines == ["using 2 of 3 tokens: the API allows 10 new ones in 30 min"]


def test_the_pace_of_a_token_goes_on_where_the_last_process_left_it(folder):
    """Ten requests in the window by the first, and the next can't send ten more in it."""
    limit = {"realtime_per_second": 10.0}
    clock = ManualClock(NOW, auto=True)
    times = []

    async def go():
        for _ in range(4):
            async with Api(
                settings(**limit),
                clock,
                token_log=Log(),
                transport=httpx.MockTransport(Server()),
                state_dir=folder,
            ) as api:
                for _ in range(5):
                    await send(api)
                    times.append(clock.monotonic())

    asyncio.run(go())
    for first in times:
        assert sum(first <= at < first + 1.0 for at in times) <= 10


def test_a_damaged_file_is_no_token(folder):
    """Torn, empty or foreign content: a new token, no trouble."""
    server = Server()
    run(folder, server)
    (path,) = [p for p in folder.rglob("*.token") if p.stat().st_size]
    for content in (path.read_bytes()[:60], b"", b"{}", os.urandom(300)):
        path.write_bytes(content)
        run(folder, server)
    assert server.tokens == 5


@pytest.mark.parametrize("where", ["file", "link"])
def test_where_nothing_can_be_kept_all_goes_on_without(folder, where):
    """No folder can be made, or a place is a link elsewhere: a token a process, no word of it."""
    server, notes = Server(), Notes()
    if where == "file":
        folder.write_text("in the way")
    else:
        run(folder, server)
        for path in folder.rglob("*.token"):
            path.unlink()
            path.symlink_to("/dev/null")
    run(folder, server, notes=notes)
    run(folder, server, notes=notes)
    assert server.tokens == (2 if where == "file" else 3)
    assert notes.lines == []


def test_keeping_can_be_turned_off(folder):
    """`keep_tokens = false`: nothing is written."""
    server = Server()
    for _ in range(2):
        run(folder, server, keep_tokens=False)
    assert server.tokens == 2
    assert not folder.exists()


def test_a_ready_token_is_not_kept(folder):
    """What the user brought is the user's."""
    run(folder, Server(), token=Secret("ready"))
    assert list(folder.rglob("*.token")) == []


def test_places_are_held_by_one_and_come_free_when_closed(tmp_path):
    """No more than there are, no two the same; closed ones can be had again."""
    clock = ManualClock(NOW)
    held = hold_cached_tokens(tmp_path, settings(), clock, 15)
    more = hold_cached_tokens(tmp_path, settings(), clock, 10)
    assert (len(held), len(more)) == (15, PLACES - 15)
    held[3].keep(Token(Secret("t"), NOW, NOW + LEAST_LEFT_MS + 1))
    held[3].close()
    (again,) = hold_cached_tokens(tmp_path, settings(), clock, 1)
    assert again.take().secret == Secret("t")
    for place in [*held, *more, again]:
        place.close()


def test_what_nobody_used_for_a_day_is_swept_away(tmp_path):
    """Places of other accounts and boots go, with their pace; those in use stay."""
    clock = ManualClock(NOW)
    old = hold_cached_tokens(tmp_path, settings(client_account_id="old"), clock, 2)
    for place in old:
        place.pace("batch").touch()
    for path in tmp_path.iterdir():
        os.utime(path, (NOW / 1000 - 90_000,) * 2)
    old[0].close()
    for place in hold_cached_tokens(tmp_path, settings(), clock, 1):
        place.close()
    assert len(list(tmp_path.glob("*.token"))) == 2
    assert len(list(tmp_path.glob("*.pace"))) == 1
    old[1].close()
