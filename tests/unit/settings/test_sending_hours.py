"""Hours: when rows may go out, over midnight and over set clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import SettingsError
from bulkcall.settings.sending_hours import SendingHours

MINUTE = 60_000
ZONES = [
    "UTC",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # sets its clocks for one month
    "Asia/Kathmandu",
    "Pacific/Apia",
]


def ms(text, zone="UTC"):
    """Give a local time's epoch milliseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def iso(at):
    """Give a moment as UTC text."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M}"


def spans(draw):
    """Draw hours that are not the whole day."""
    opens = draw(st.integers(0, 1439))
    closes = draw(st.integers(1, 1440).filter(lambda c: c != opens and (opens, c) != (0, 1440)))
    return SendingHours(opens, closes, draw(st.sampled_from(ZONES)))


hours = st.composite(spans)()
moments = st.one_of(
    st.integers(ms("2024-01-01"), ms("2030-01-01")),
    # around clocks that are set: New York, Berlin, Lord Howe
    st.integers(ms("2026-03-08T00:00"), ms("2026-03-09T00:00")),
    st.integers(ms("2026-11-01T00:00"), ms("2026-11-02T00:00")),
    st.integers(ms("2026-10-25T00:00"), ms("2026-10-26T00:00")),
    st.integers(ms("2026-04-04T10:00"), ms("2026-04-05T10:00")),
    st.integers(ms("2011-12-29T00:00"), ms("2011-12-31T00:00")),  # Apia left a day out
)


@given(hours, moments)
def test_the_next_change_is_where_a_minute_by_minute_look_finds_it(span, now):
    """Opening and closing are the first minutes at which the answer turns, not one before."""
    change = span.next_closing(now) if span.is_open(now) else span.next_opening(now)
    before = span.is_open(now)
    at = now - now % MINUTE  # every offset and every end is a whole number of minutes
    while span.is_open(at) is before:
        at += MINUTE
    assert change == at


@given(hours, moments)
def test_now_is_the_answer_where_it_is_so_already(span, now):
    """What is open opens now; what is closed closes now; and never both."""
    assert (span.next_opening(now) == now) is span.is_open(now)
    assert (span.next_closing(now) == now) is not span.is_open(now)


@given(st.integers(0, 1439), st.integers(0, 1439), moments, st.sampled_from(ZONES))
def test_hours_and_their_opposite_share_the_day(one, other, now, zone):
    """A span over midnight is open exactly when the rest of the day is closed."""
    if one == other:
        return
    span = SendingHours.between(
        f"{one // 60:02d}:{one % 60:02d}", f"{other // 60}:{other % 60:02d}", zone
    )
    rest = SendingHours.between(
        f"{other // 60:02d}:{other % 60:02d}", f"{one // 60}:{one % 60:02d}", zone
    )
    if span is None or rest is None:
        return
    assert span.is_open(now) is not rest.is_open(now)


@pytest.mark.parametrize(
    ("span", "now", "opening"),
    [
        (("08:00", "20:00", "Asia/Kolkata"), "2026-11-21T21:00", "2026-11-22T02:30"),
        (("22:00", "06:00", "Asia/Kolkata"), "2026-11-21T12:00", "2026-11-21T16:30"),
        (("09:00", "", "UTC"), "2026-11-21T03:00", "2026-11-21T09:00"),
        (("", "06:00", "UTC"), "2026-11-21T07:00", "2026-11-22T00:00"),
        # 02:30 does not exist on that day in New York: the clocks go from 02:00 to 03:00 at 07:00Z
        (("02:30", "05:00", "America/New_York"), "2026-03-08T06:30", "2026-03-08T07:00"),
        # and hours that lie in the gap wholly do not come at all that day
        (("02:10", "02:50", "America/New_York"), "2026-03-08T06:30", "2026-03-09T06:10"),
    ],
)
def test_examples_of_openings(span, now, opening):
    """Days, nights, open ends and the two cases of a gap."""
    assert iso(SendingHours.between(*span).next_opening(ms(now))) == opening


def test_an_hour_that_comes_twice_counts_twice():
    """01:00 to 01:30 is open twice on the night on which New York sets its clocks back."""
    span = SendingHours.between("01:00", "01:30", "America/New_York")
    closing = span.next_closing(ms("2026-11-01T05:10"))
    assert iso(closing) == "2026-11-01T05:30"
    assert iso(span.next_opening(closing)) == "2026-11-01T06:00"


def test_all_day_is_no_hours_and_no_time_at_all_is_refused():
    """Nothing set is no limit; a span of nothing is a mistake."""
    assert SendingHours.between("", "", "UTC") is None
    assert SendingHours.between("00:00", "24:00", "UTC") is None
    assert SendingHours.between("00:00", "00:00", "UTC") is None
    with pytest.raises(SettingsError, match="no row could ever go out"):
        SendingHours.between("08:00", "08:00", "UTC")


def test_hours_tell_themselves():
    """A person reads the span and a moment in its own zone."""
    span = SendingHours.between("8:00", "20:00", "Asia/Kolkata")
    assert str(span) == "08:00 to 20:00 Asia/Kolkata"
    assert span.local(ms("2026-11-22T02:30")) == "2026-11-22 08:00 Asia/Kolkata"


@pytest.mark.parametrize("text", ["8", "08:60", "24:01", "25:00", "8 am", "-1:00", "\u096e:00"])
def test_what_is_no_time_of_day_is_refused(text):
    """One line that says how to write it."""
    with pytest.raises(SettingsError, match="no time of day; write it like 08:00"):
        SendingHours.between(text, "20:00", "UTC")
