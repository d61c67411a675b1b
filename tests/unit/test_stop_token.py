"""A stop that is requested wakes whoever waits, on either clock and from any thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bulkcall.clock import ManualClock, SystemClock
from bulkcall.progress import StopToken

LONG_SECONDS = 3600.0


def test_the_first_reason_stays():
    """A second request changes nothing."""
    stop = StopToken()
    stop.request("SIGINT")
    stop.request("SIGTERM")
    assert (stop.requested, stop.reason) == (True, "SIGINT")


def test_a_part_stops_with_its_parent_and_not_the_other_way_round():
    """Stopping a part leaves the parent alone; stopping the parent stops every part."""
    parent = StopToken()
    part, other = StopToken(parent), StopToken(parent)
    part.request("closing")
    assert (part.requested, parent.requested) == (True, False)
    parent.request("SIGINT")
    assert (other.requested, other.reason, part.reason) == (True, "SIGINT", "closing")


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=["system", "manual"])
@pytest.mark.parametrize("from_parent", [False, True])
def test_a_request_ends_a_sleep(clock, from_parent):
    """An hour's sleep ends when the stop, or its parent, is requested; nothing polls."""
    parent = StopToken()
    stop = StopToken(parent)

    async def go():
        sleeping = asyncio.ensure_future(clock.sleep(LONG_SECONDS, stop))
        await asyncio.sleep(0)
        assert not sleeping.done()
        (parent if from_parent else stop).request("SIGTERM")
        await asyncio.wait_for(sleeping, 5)

    asyncio.run(go())


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=["system", "manual"])
def test_no_sleep_begins_once_a_stop_is_requested(clock):
    """A sleep under a stop that was requested before returns at once."""
    stop = StopToken()
    stop.request("SIGTERM")
    asyncio.run(asyncio.wait_for(clock.sleep(LONG_SECONDS, stop), 5))


def test_another_thread_can_ask():
    """The request crosses threads: the loop that waits is woken."""
    stop = StopToken()

    async def go():
        threading.Thread(target=stop.request, args=("another thread",)).start()
        await asyncio.wait_for(stop.wait(), 5)

    asyncio.run(go())
    assert stop.reason == "another thread"


def test_a_sleep_that_ends_by_itself_leaves_nothing_behind():
    """The token forgets who no longer waits, so that a long run does not gather them."""
    stop = StopToken(StopToken())
    asyncio.run(SystemClock().sleep(0.001, stop))
    assert stop._waiters == set()
    assert stop._parent._waiters == set()


def test_a_request_after_the_loop_closed_is_quiet():
    """A waiter whose loop is gone is passed over."""
    stop = StopToken()

    async def go():
        waiter = asyncio.get_running_loop().create_future()
        stop._waiters.add(waiter)

    asyncio.run(go())
    stop.request("SIGTERM")
    assert stop.requested
