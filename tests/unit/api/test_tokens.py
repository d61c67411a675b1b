"""Tokens: got when needed, kept, renewed ahead, replaced once, and within the cap."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bulkcall.api import BadCertificate, NoToken
from bulkcall.clock import ManualClock
from bulkcall.errors import CredentialsError
from bulkcall.progress import StopToken
from bulkcall.settings import Secret
from tests.unit.api.parts import LOGIN_AGAIN, NOW, SUCCESS, Log, Notes, Server, opened, send

MINUTE = 60_000
PARSE_TROUBLE = {"slug": "internal-server-error", "message": "500/50011 - Failed to parse token"}


def test_a_token_is_got_once_and_kept():
    """The first call gets it; those that follow use it."""

    async def run():
        server, log = Server(), Log()
        async with opened(server, log=log) as api:
            for _ in range(3):
                await send(api)
        assert (server.tokens, len(log.noted)) == (1, 1)

    asyncio.run(run())


def test_a_token_is_renewed_ahead_of_its_end():
    """Near its end a new one is got beside a call that still uses the old one."""

    async def run():
        server, clock = Server(), ManualClock(NOW, auto=True)
        async with opened(server, clock=clock) as api:
            await send(api)
            clock.jump_wall(56 * MINUTE)
            await send(api)
            assert server.tokens == 1
            clock.jump_wall(2 * MINUTE)
            await send(api)
            await asyncio.sleep(0.05)
            await send(api)
        assert server.bearers == ["token-number-1"] * 3 + ["token-number-2"]

    asyncio.run(run())


def test_an_ended_token_is_not_used():
    """After its hour a call waits for the new one."""

    async def run():
        server, clock = Server(), ManualClock(NOW, auto=True)
        async with opened(server, clock=clock) as api:
            await send(api)
            clock.jump_wall(61 * MINUTE)
            await send(api)
        assert server.bearers == ["token-number-1", "token-number-2"]

    asyncio.run(run())


def test_an_old_token_is_renewed_sooner():
    """The life counts from `created_at`, by the server's own clock."""

    async def run():
        def token(_):
            return httpx.Response(
                200,
                json={"token": "handed-out-again", "created_at": "2025-09-15T15:00:00.5Z"},
                headers={"Date": "Mon, 15 Sep 2025 15:58:30 GMT"},
            )

        server = Server(token=token)
        async with opened(server) as api:
            await send(api)
            await send(api)
            await asyncio.sleep(0.05)
        assert server.tokens == 2

    asyncio.run(run())


@pytest.mark.parametrize("trouble", [(401, LOGIN_AGAIN), (500, PARSE_TROUBLE)])
def test_a_dead_token_is_replaced_once(trouble):
    """A 401, or the 500 that means a bad token, gets a new one, and the record goes again."""

    async def run():
        dead = set()

        def answer(request):
            if request.headers["authorization"].removeprefix("Bearer ") in dead:
                return httpx.Response(trouble[0], json=trouble[1])
            return httpx.Response(200, json=SUCCESS)

        server = Server(answer)
        async with opened(server) as api:
            await send(api)
            dead.add("token-number-1")
            answered = await send(api)
        assert (answered.success, answered.requests) == (True, 2)
        assert server.bearers == ["token-number-1", "token-number-1", "token-number-2"]

    asyncio.run(run())


def test_many_turned_away_at_once_count_once():
    """Several 401s in flight from one dead token lead to one creation, and all go again."""

    async def run():
        server = Server()
        async with opened(server) as api:
            await send(api)
            server.revoked.add("token-number-1")
            slot = api.slots[0]
            turns = [await slot.realtime.acquire() for _ in range(5)]
            record = await asyncio.gather(
                *(send_with(api, slot, turn) for turn in turns),
            )
        assert all(answer.success and answer.requests == 2 for answer in record)
        assert server.tokens == 2

    async def send_with(api, slot, turn):
        from tests.unit.api.parts import RECORD

        return await api.send_record(slot, RECORD, turn)

    asyncio.run(run())


def test_a_stop_ends_the_wait_to_go_again():
    """A record that waits to go again under a new token does not outstay a stop."""

    async def run():
        server, stop = Server(), StopToken()
        async with opened(server, stop=stop) as api:
            await send(api)
            server.revoked.add("token-number-1")
            slot = api.slots[0]
            turn = await slot.realtime.acquire()
            slot.realtime.pause(3600)
            stop.request("signal")
            from tests.unit.api.parts import RECORD

            with pytest.raises(NoToken, match="stopped") as caught:
                await api.send_record(slot, RECORD, turn)
            assert caught.value.requests == 1
            assert slot.realtime.in_flight == 0

    asyncio.run(run())


def test_a_fresh_token_turned_away_is_a_credentials_problem():
    """A 401 to a token just created stops the run, in one line without any secret."""

    async def run():
        server = Server(lambda _: httpx.Response(401, json=LOGIN_AGAIN))
        async with opened(server) as api:
            with pytest.raises(CredentialsError, match="just created") as caught:
                await send(api)
            assert api.slots[0].realtime.in_flight == 0
        assert "token-number" not in str(caught.value)
        assert server.tokens == 1
        assert caught.value.requests == 1

    asyncio.run(run())


def test_a_replacement_turned_away_is_a_credentials_problem():
    """If the new token is no better than the dead one, asking on would be of no use."""

    async def run():
        server = Server()
        async with opened(server) as api:
            await send(api)
            server.revoked |= {"token-number-1", "token-number-2"}
            with pytest.raises(CredentialsError, match="just replaced") as caught:
                await send(api)
            assert caught.value.requests == 2
            assert api.slots[0].realtime.in_flight == 0
        assert server.tokens == 2

    asyncio.run(run())


def test_an_unused_token_that_grew_old_is_replaced():
    """A 401 to a token that was got long ago and never used is no credentials problem."""

    async def run():
        server, clock = Server(), ManualClock(NOW, auto=True)
        async with opened(server, clock=clock) as api:
            await api.open_slots()
            server.revoked.add("token-number-1")
            clock.jump_wall(10 * MINUTE)
            assert (await send(api)).success

    asyncio.run(run())


def test_a_ready_token_is_used_and_never_replaced():
    """BULKCALL_TOKEN makes no token call; a 401 says which setting to fix."""

    async def run():
        server = Server()
        async with opened(server, token=Secret("brought-along-123"), tokens=5) as api:
            assert len(api.slots) == 1
            await api.open_slots()
            await send(api)
            server.revoked.add("brought-along-123")
            with pytest.raises(CredentialsError, match="BULKCALL_TOKEN") as caught:
                await send(api)
            assert "brought-along" not in str(caught.value)
        assert server.tokens == 0

    asyncio.run(run())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 302])
def test_a_refused_key_pair_is_a_credentials_problem(status):
    """The token call turned down for good: one line that names the settings to look at."""

    async def run():
        log = Log()
        server = Server(token=lambda _: httpx.Response(status, json={"message": "no such key"}))
        async with opened(server, log=log) as api:
            with pytest.raises(CredentialsError, match="BULKCALL_") as caught:
                await send(api)
            assert caught.value.requests == 0
            assert api.slots[0].realtime.wait == 0
        assert log.noted == []
        assert server.sent == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (lambda _: httpx.Response(503), 0),
        (lambda _: httpx.Response(500), 1),
        (lambda _: httpx.Response(502, content=b"<html>"), 1),
        (lambda _: httpx.Response(200, content=b""), 1),
        (lambda _: httpx.Response(200, json={"token": 5}), 1),
        (lambda _: httpx.Response(200, json={"token": "two\r\nX-Evil: lines"}), 1),
        (lambda _: raise_(httpx.ConnectError("refused")), 0),
        (lambda _: raise_(httpx.ReadTimeout("slow")), 1),
    ],
)
def test_trouble_with_the_token_call_sends_nothing(answer, noted):
    """It is NoToken, no request carried a record, and only what may have come about is noted."""

    async def run():
        log, server = Log(), Server(token=answer)
        async with opened(server, log=log) as api:
            with pytest.raises(NoToken) as caught:
                await send(api)
            lane = api.slots[0].realtime
            assert (lane.in_flight, lane.wait) == (0, 0)
        assert caught.value.requests == 0
        assert len(log.noted) == noted
        assert server.sent == []

    asyncio.run(run())


def raise_(error):
    """Raise, from a lambda."""
    raise error


def test_a_limited_token_call_is_left_alone_for_a_while():
    """After a 429 no call asks again before its time is over."""

    async def run():
        trouble = [httpx.Response(429, headers={"Retry-After": "20"})]
        server = Server(
            token=lambda _: (
                trouble.pop() if trouble else httpx.Response(200, json={"token": "late-but-good"})
            )
        )
        clock = ManualClock(NOW, auto=True)
        async with opened(server, clock=clock) as api:
            for _ in range(2):
                with pytest.raises(NoToken) as caught:
                    await send(api)
                assert caught.value.retry_after == pytest.approx(20, abs=1)
                assert caught.value.answered
            assert server.tokens == 1
            await clock.sleep(20)
            assert (await send(api)).success
        assert server.tokens == 2

    asyncio.run(run())


def test_a_certificate_that_does_not_fit_is_told_as_such():
    """The token call is the first to meet it, and does not hide it."""
    import ssl

    async def run():
        def token(_):
            raise httpx.ConnectError("tls") from ssl.SSLCertVerificationError("does not fit")

        async with opened(Server(token=token)) as api:
            with pytest.raises(BadCertificate):
                await send(api)

    asyncio.run(run())


def test_the_cap_holds_over_runs():
    """With ten noted by earlier runs, the eleventh waits until there is room, and says so."""

    async def run():
        notes, clock = Notes(), ManualClock(NOW, auto=True)
        log = Log(*(NOW - 10 * MINUTE + i for i in range(10)))
        server = Server()
        async with opened(server, log=log, progress=notes, clock=clock) as api:
            await send(api)
        assert 20 * 60 <= clock.monotonic() <= 21 * 60
        assert any("waiting 21 min" in line for line in notes.lines)

    asyncio.run(run())


def test_a_dead_token_without_room_for_another_leaves_its_calls_to_the_others():
    """Ten made, one of two in use revoked: its call does not wait half an hour; the other goes."""

    async def run():
        clock, server = ManualClock(NOW, auto=True), Server()
        log = Log(*(NOW - MINUTE + i for i in range(8)))
        async with opened(server, log=log, clock=clock, tokens=2) as api:
            await api.open_slots()
            server.revoked.add("token-number-2")
            clock.jump_wall(2 * MINUTE)
            with pytest.raises(NoToken, match="10 tokens were created") as caught:
                await send(api, slot=1)
            assert caught.value.answered
            assert 27 * 60 <= caught.value.retry_after <= 28 * 60
            assert (await send(api, slot=0)).success
        assert clock.monotonic() < 60

    asyncio.run(run())


def test_a_stop_ends_the_wait_for_room():
    """A run that is asked to stop does not sit out the half hour."""

    async def run():
        stop, clock = StopToken(), ManualClock(NOW)
        log = Log(*(NOW for _ in range(10)))
        async with opened(Server(), log=log, stop=stop, clock=clock) as api:
            sending = asyncio.create_task(send(api))
            for _ in range(20):
                await clock.advance(0.1)
                await asyncio.sleep(0.005)
            stop.request("signal")
            for _ in range(20):
                await clock.advance(0.1)
                await asyncio.sleep(0.005)
            with pytest.raises(NoToken, match="stopped"):
                await sending

    asyncio.run(run())


def test_slots_are_opened_side_by_side_within_the_cap():
    """With room for three of ten tokens three slots are used, and a note says so."""

    async def run():
        notes, log, server = Notes(), Log(*(NOW - MINUTE + i for i in range(7))), Server()
        async with opened(server, log=log, progress=notes, tokens=10) as api:
            assert len(api.slots) == 10
            await api.open_slots()
            assert len(api.slots) == 3
        assert server.tokens == 3
        assert "using 3 of 10 tokens" in notes.lines[0]

    asyncio.run(run())


def test_each_slot_has_its_own_token():
    """Ten slots make ten tokens, each note under its own moment."""

    async def run():
        log, server = Log(), Server()
        async with opened(server, log=log, tokens=10) as api:
            await api.open_slots()
            for number in range(10):
                await send(api, slot=number)
        assert len(set(server.bearers)) == 10
        assert len(set(log.noted)) == 10

    asyncio.run(run())


def test_opening_leaves_passing_trouble_to_the_calls():
    """A token call that is down does not stop a run at its start; a refused key pair does."""

    async def run():
        async with opened(Server(token=lambda _: httpx.Response(503))) as api:
            await api.open_slots()
        async with opened(Server(token=lambda _: httpx.Response(401)), tokens=3) as api:
            with pytest.raises(CredentialsError):
                await api.open_slots()

    asyncio.run(run())


def test_two_processes_that_note_at_once_stay_within_the_cap():
    """Whoever finds eleven notes up to its own takes it back and waits."""

    async def run():
        clock = ManualClock(NOW, auto=True)

        class Racing(Log):
            raced = False

            def note_token_creation(self, account, at):
                if not self.raced:
                    self.raced = True
                    self.noted.append(at - 1)
                super().note_token_creation(account, at)

        log = Racing(*(NOW - MINUTE + i for i in range(9)))
        async with opened(Server(), log=log, clock=clock) as api:
            await send(api)
        assert clock.monotonic() > 28 * 60
        assert len(log.noted) == 11

    asyncio.run(run())
