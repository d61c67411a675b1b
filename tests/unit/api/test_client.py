"""How calls end: the turn closed in the right way, the failure told, nothing leaked."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest

from bulkcall.api import (
    Api,
    BadRequest,
    ClientError,
    NoAnswer,
    RateLimited,
    ServerFault,
    Unreachable,
    Unreadable,
)
from bulkcall.clock import ManualClock
from bulkcall.errors import SettingsError
from bulkcall.progress import StopToken
from bulkcall.ratelimit import StopRequested
from bulkcall.settings import Secret
from tests.unit.api.parts import (
    API_KEY,
    KEY_ID,
    RECORD,
    SUCCESS,
    Log,
    Server,
    opened,
    send,
    settings,
)


def failing(answer):
    """Give a scripted answer that raises or returns."""

    def respond(_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    return respond


@pytest.mark.parametrize(
    ("answer", "kind", "requests"),
    [
        (httpx.Response(400), BadRequest, 1),
        (httpx.Response(429), RateLimited, 1),
        (httpx.Response(500), ServerFault, 1),
        (httpx.Response(404), ClientError, 1),
        (httpx.Response(200, content=b"<html>"), Unreadable, 1),
        (httpx.ReadTimeout("slow"), NoAnswer, 1),
        (httpx.ConnectError("refused"), Unreachable, 1),
    ],
)
def test_a_failed_call_closes_its_turn(answer, kind, requests):
    """Whatever becomes of a call, nothing stays in flight, and its requests are counted."""

    async def run():
        async with opened(Server(failing(answer))) as api:
            with pytest.raises(kind) as caught:
                await send(api)
            assert caught.value.requests == requests
            assert api.slots[0].realtime.in_flight == 0

    asyncio.run(run())


def test_a_429_pauses_only_its_own_lane():
    """The lane of the call waits as long as it was told; the others go on."""

    async def run():
        limited = httpx.Response(429, headers={"Retry-After": "9"})
        async with opened(Server(failing(limited)), tokens=2) as api:
            with pytest.raises(RateLimited):
                await send(api)
            slot, other = api.slots
            assert slot.realtime.paused == pytest.approx(9)
            assert slot.batch.paused == slot.status.paused == other.realtime.paused == 0.0

    asyncio.run(run())


def test_a_cancelled_call_closes_its_turn():
    """A call that is broken off leaves nothing in flight."""

    async def run():
        async def hang(_):
            await asyncio.Event().wait()

        async with opened(Server(hang)) as api:
            call = asyncio.create_task(send(api))
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert api.slots[0].realtime.in_flight == 1
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert api.slots[0].realtime.in_flight == 0

    asyncio.run(run())


def test_a_redirect_is_never_followed():
    """Its body would show phone numbers to whoever is named there."""

    async def run():
        away = httpx.Response(307, headers={"Location": "https://elsewhere.invalid/"})
        server = Server(failing(away))
        async with opened(server) as api:
            with pytest.raises(ClientError, match="points elsewhere"):
                await send(api)
        assert {request.url.host for request in server.requests} == {"api.example.invalid"}

    asyncio.run(run())


def test_batch_status_waits_for_its_own_turn():
    """Two questions are a turn apart; a stop ends the wait."""

    async def run():
        server = Server(lambda _: httpx.Response(200, json={"data": []}))
        clock = ManualClock(auto=True)
        async with opened(server, clock=clock) as api:
            slot = api.slots[0]
            await api.batch_status(slot, "b")
            await api.batch_status(slot, "b")
            assert clock.monotonic() >= 1.0
            stop = StopToken()
            stop.request("signal")
            with pytest.raises(StopRequested):
                await api.batch_status(slot, "b", stop)

    asyncio.run(run())


def test_secrets_are_in_no_text(caplog):
    """Not in failures, logs or reprs, even where the server repeats them."""

    async def run():
        def echo(request):
            bearer = request.headers["authorization"]
            return httpx.Response(400, json={"message": f"bad {bearer} {KEY_ID} {API_KEY}"})

        caplog.set_level(logging.DEBUG)
        async with opened(Server(echo)) as api:
            with pytest.raises(BadRequest) as caught:
                await send(api)
            shown = [
                str(caught.value),
                repr(caught.value),
                repr(api.slots[0]),
                repr(vars(api)),
                repr(vars(api.slots[0])),
                caplog.text,
                repr(settings()),
            ]
        for text in shown:
            assert not any(secret in text for secret in (KEY_ID, API_KEY, "token-number-1"))
        assert caught.value.message == "bad Bearer (hidden) (hidden) (hidden)"

    asyncio.run(run())


def test_a_token_call_that_repeats_the_keys_hides_them():
    """The line about refused credentials shows none of them."""

    async def run():
        def token(request):
            return httpx.Response(403, json={"message": request.content.decode()})

        async with opened(Server(token=token)) as api:
            with pytest.raises(Exception, match="BULKCALL_API_KEY") as caught:
                await send(api)
        assert not any(secret in str(caught.value) for secret in (KEY_ID, API_KEY))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"base_url": "http://example.invalid"}, "plain http"),
        ({"base_url": "ftp://127.0.0.1"}, "plain http"),
        ({"base_url": "http://127.0.0.1.example.invalid"}, "plain http"),
        ({"client_account_id": ""}, "BULKCALL_CLIENT_ACCOUNT_ID"),
        ({"key_id": Secret("")}, "no credentials"),
        ({"api_key": Secret("")}, "no credentials"),
    ],
)
def test_no_call_is_made_with_settings_that_cant_do(changes, match):
    """Plain http off this machine, no account and no credentials are refused before any call."""
    with pytest.raises(SettingsError, match=match):
        Api(settings(**changes), ManualClock(), token_log=Log())


@pytest.mark.parametrize("base", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
def test_plain_http_is_for_loopback(base):
    """To this very machine it is allowed."""

    async def run():
        server = Server()
        async with opened(server, base_url=base) as api:
            assert (await send(api)).success
        assert all(str(request.url).startswith(base) for request in server.requests)

    asyncio.run(run())


def test_a_turn_is_used_once():
    """Giving a used turn back does not free its place."""

    async def run():
        async with opened(Server(lambda _: httpx.Response(200, json=SUCCESS))) as api:
            slot = api.slots[0]
            turn = await slot.realtime.acquire()
            await api.send_record(slot, RECORD, turn)
            turn.give_back()
            assert slot.realtime.wait > 0

    asyncio.run(run())
