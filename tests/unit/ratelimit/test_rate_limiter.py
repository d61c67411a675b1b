"""Lanes: who waits, in which order, and what ends a wait."""

from __future__ import annotations

import asyncio
import random

import pytest

from bulkcall.clock import ManualClock
from bulkcall.progress import StopToken
from bulkcall.ratelimit import Rate, RateLimiter, StopRequested


def lane_of(limit=10, window=1.0, **more):
    """Make a lane and the clock that moves it."""
    clock = ManualClock()
    return RateLimiter(
        "realtime", Rate(limit, window), clock, jitter=random.Random(1), **more
    ), clock


def test_turns_are_granted_in_the_order_of_asking():
    """First come, first served, each in its own moment."""

    async def run():
        lane, clock = lane_of()
        order = []

        async def ask(name):
            turn = await lane.acquire()
            order.append((name, round(clock.monotonic(), 3)))
            turn.answered()

        tasks = [asyncio.create_task(ask(name)) for name in "abcd"]
        await clock.advance(1.0)
        await asyncio.gather(*tasks)
        assert [name for name, _ in order] == list("abcd")
        assert [at for _, at in order] == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.002)

    asyncio.run(run())


def test_a_cancelled_wait_takes_no_turn():
    """Whoever is cancelled leaves the queue, and the next one moves up."""

    async def run():
        lane, clock = lane_of()
        (await lane.acquire()).answered()
        first, second = asyncio.create_task(lane.acquire()), asyncio.create_task(lane.acquire())
        await clock.advance(0.01)
        first.cancel()
        await clock.advance(0.1)
        assert first.cancelled()
        assert second.done()
        assert lane.in_flight == 1

    asyncio.run(run())


def test_a_stop_ends_the_wait():
    """A wait looks at the stop now and then, and ends without a turn."""

    async def run():
        lane, clock = lane_of()
        lane.pause(3600)
        stop = StopToken()
        waiting = asyncio.create_task(lane.acquire(stop))
        await clock.advance(1)
        assert not waiting.done()
        stop.request("signal")
        await clock.advance(1)
        with pytest.raises(StopRequested, match="signal"):
            await waiting

    asyncio.run(run())


def test_an_unused_turn_is_given_back():
    """It is free for the next at once, and giving it back again does nothing."""

    async def run():
        lane, _ = lane_of()
        turn = await lane.acquire()
        assert lane.wait > 0
        turn.give_back()
        turn.give_back()
        assert (lane.wait, lane.in_flight) == (0.0, 0)
        used = await lane.acquire()
        used.answered()
        used.give_back()
        assert lane.wait > 0
        assert lane.in_flight == 0

    asyncio.run(run())


def test_a_limit_pauses_the_lane():
    """After a 429 that names 5 seconds nobody goes for 5 seconds."""

    async def run():
        lane, clock = lane_of()
        turn = await lane.acquire()
        assert turn.limited(5.0) == 5.0
        assert turn.limited(50.0) == 0.0
        assert lane.paused == 5.0
        waiting = asyncio.create_task(lane.acquire())
        await clock.advance(4.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()

    asyncio.run(run())


def test_a_server_that_hangs_is_not_flooded():
    """Without answers no more go out than the known latency calls for."""

    async def run():
        lane, clock = lane_of(100)
        turns = []

        async def ask():
            while True:
                turns.append(await lane.acquire())

        asking = asyncio.create_task(ask())
        await clock.advance(2)
        assert len(turns) == lane.in_flight == lane.in_flight_limit
        turns[0].lost()
        await clock.advance(0.1)
        assert len(turns) == lane.in_flight_limit + 1
        asking.cancel()

    asyncio.run(run())


def test_the_bound_on_what_is_in_flight_follows_the_latency():
    """Answers that take a second make room for what a second needs, and more."""

    async def run():
        lane, clock = lane_of(100)

        async def ask():
            while True:
                asyncio.get_running_loop().create_task(answer(await lane.acquire()))

        async def answer(turn):
            await clock.sleep(1.0)
            turn.answered()

        asking = asyncio.create_task(ask())
        for _ in range(100):
            await clock.advance(0.1)
        assert lane.in_flight_limit > 100
        assert lane.in_flight >= 85
        asking.cancel()

    asyncio.run(run())
