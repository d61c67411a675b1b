"""What a run would take where rows go out in some hours of the day only."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.cli.main import run
from bulkcall.run.forecast import OpenTime
from bulkcall.run.send_plan import plan
from bulkcall.settings import Settings
from bulkcall.settings.sending_hours import SendingHours

MINUTE = 60_000
HOUR = 60 * MINUTE


def at(text, zone="Asia/Kolkata"):
    """Epoch ms of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@given(
    st.sampled_from(["Asia/Kolkata", "UTC", "Europe/Berlin", "America/New_York"]),
    st.tuples(st.integers(0, 47), st.integers(0, 47)).filter(lambda pair: pair[0] != pair[1]),
    st.integers(0, 60 * 24),
    st.lists(st.integers(0, 3 * 24 * 60 - 1), min_size=1, max_size=20),
)
def test_open_time_agrees_with_counting_minutes(zone, halves, later, spent):
    """So many minutes inside the hours have passed when a plain loop has counted them."""
    hours = SendingHours(halves[0] * 30, halves[1] * 30 or 24 * 60, zone)
    if hours.opens % (24 * 60) == hours.closes % (24 * 60):
        return
    # Over a weekend on which Berlin's clocks are set back.
    begin = at("2026-10-24T00:00", "UTC") + later * MINUTE
    needed = max(spent)
    inside, now = [], begin
    while len(inside) <= needed:
        if hours.is_open(now):
            inside.append(now)
        now += MINUTE
    moments = OpenTime(hours, begin)(np.array(spent, np.int64) * MINUTE)
    assert moments.tolist() == [inside[minutes] for minutes in spent]


def test_a_campaign_waits_for_the_morning_and_goes_on_the_next_day():
    """100 a second from 09:00 to 10:00 are 360,000 rows a day; the rest goes out tomorrow."""
    now, day = at("2026-11-22T22:00"), 24 * HOUR
    rows = 360_001
    starts = np.full(rows, now, np.int64)
    made = plan(
        starts,
        starts + 3 * day,
        Settings(),
        now_ms=now,
        moments=OpenTime(SendingHours(9 * 60, 10 * 60, "Asia/Kolkata"), now),
    ).realtime
    assert made.first_at == at("2026-11-23T09:00")
    assert made.last_at == at("2026-11-24T09:00")
    assert made.seconds == 24 * 3600
    assert (made.expired, made.requests) == (0, rows)


def test_rows_that_end_before_the_hours_begin_expire():
    """No number of tokens helps a row whose window is over before rows may go out."""
    now = at("2026-11-22T22:00")
    starts = np.full(10, now, np.int64)
    moments = OpenTime(SendingHours(9 * 60, 20 * 60, "Asia/Kolkata"), now)
    made = plan(starts, starts + 8 * HOUR, Settings(), now_ms=now, moments=moments).batch
    assert (made.expired, made.requests, made.tokens_in_time) == (10, 0, None)
    assert (made.first_at, made.last_at, made.seconds) == (None, None, 0.0)


def test_the_command_tells_the_first_and_the_last(tmp_path, monkeypatch, capsys):
    """`bulkcall plan` says in whose hours the rows go out, and JSON holds both moments."""
    monkeypatch.chdir(tmp_path)
    campaign = tmp_path / "campaign.csv"
    campaign.write_text("caller,receiver,label\n919876543210,919876500011,Acme Courier\n")
    given = ["plan", "campaign.csv", "--start", "now", "--window", "23h"]
    hours = ["--not-before", "09:00", "--not-after", "08:59", "--quiet-timezone", "UTC"]
    assert run([*given, *hours]) == 0
    assert "only from 09:00 to 08:59 UTC: the first 20" in capsys.readouterr().out
    assert run([*given, *hours, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["hours"] == "09:00 to 08:59 UTC"
    assert told["channels"]["batch"]["first_at"] == told["channels"]["batch"]["last_at"] > 0
