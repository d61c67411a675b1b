"""The folders of an inbox, its lock, its claims, and the order in which files go."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bulkcall.clock import ManualClock
from bulkcall.errors import SettingsError, StoppedError, UsageError
from bulkcall.inbox import RunFlags
from bulkcall.inbox.archive import Archive, decided
from bulkcall.inbox.claims import Claim, Claims
from bulkcall.inbox.incoming import Signature, incoming_files
from bulkcall.inbox.layout import InboxLayout, kept_name
from bulkcall.inbox.lock import locked
from bulkcall.inbox.order import Deadlines
from bulkcall.progress import StopToken
from bulkcall.settings import Secret, Settings

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture
def places(tmp_path):
    """An inbox with its folders."""
    folder = tmp_path / "in"
    folder.mkdir()
    made = InboxLayout(folder, tmp_path / "state")
    made.open()
    yield made
    made.close()


def test_a_folder_that_is_none_is_refused(tmp_path):
    """It is not made: a mistyped path would look like a quiet night."""
    with pytest.raises(UsageError, match="not a folder"):
        InboxLayout(tmp_path / "nowhere", tmp_path / "state").open()


def test_two_inboxes_keep_apart(places):
    """The second one names the first, and may work once that has ended."""
    told = f"worked on by process {os.getpid()} on "
    with locked(places), pytest.raises(StoppedError, match=told), locked(places):
        pass
    with locked(places):
        pass


def claim_of(places, name="a.csv", **changes):
    """Claim a file that lies in the inbox."""
    facts, sha256 = places.drop.content_of(name)
    claim = Claim("20260101-000000-abc", name, sha256, Signature.of(facts))
    return replace(claim, **changes)


def test_claims_survive_as_they_were_written(places):
    """Written, found, written anew, dropped."""
    (places.path / "ä,b.csv").write_text("x")
    claims = Claims(places)
    first = claims.put(claim_of(places, "ä,b.csv"))
    assert claims.all() == [first]
    second = claims.put(decided(first, "failed", "why not"))
    assert claims.all() == [second]
    claims.drop(second)
    claims.drop(second)
    assert claims.all() == []


def test_half_a_claim_is_no_claim_and_is_swept(places):
    """What a process left that was killed over writing it."""
    (places.claims / ".20260101-000000-abc.json.123.part").write_text("{")
    claims = Claims(places)
    assert claims.all() == []
    claims.tidy()
    assert not any(places.claims.iterdir())


def test_a_claim_knows_its_file(places):
    """By signature, or by content where it was touched; not where another one took its name."""
    path = places.path / "a.csv"
    path.write_text("one")
    claim = claim_of(places)
    assert claim.matches(places.drop, "a.csv")
    os.utime(path, (1, 1))
    assert claim.matches(places.drop, "a.csv")
    path.write_text("two")
    assert not claim.matches(places.drop, "a.csv")
    path.unlink()
    assert not claim.matches(places.drop, "a.csv")


@pytest.fixture
def stowing(places):
    """What puts files away; no ledger is asked."""
    return Archive(places, Claims(places), Settings())


def test_a_file_goes_away_with_its_marks_and_its_report(places, stowing):
    """In one folder, the reason beside them; the working folder is gone."""
    for name in ("a.csv", "a.csv.done", "a.done", "b.csv"):
        (places.path / name).write_text(name)
    (places.working.path / "20260101-000000-abc").mkdir()
    (places.working.path / "20260101-000000-abc" / "report.html").write_text("r")
    place = stowing.put_away(decided(claim_of(places), "failed", "no"), known=False)
    assert place == places.failed.path / "20260101-000000-abc"
    found = {path.name for path in place.iterdir()}
    assert found == {"a.csv", "a.csv.done", "a.done", "report.html", "why.txt"}
    assert (place / "why.txt").read_text() == "no\n"
    assert [drop.name for drop in incoming_files(places.drop)] == ["b.csv"]
    assert not any(places.working.path.iterdir())


def test_a_mark_that_speaks_for_another_file_stays(places, stowing):
    """a.done is also a.xlsx's."""
    for name in ("a.csv", "a.xlsx", "a.done"):
        (places.path / name).write_text(name)
    stowing.put_away(decided(claim_of(places), "done"), known=False)
    assert (places.path / "a.done").exists()
    assert [drop.marked for drop in incoming_files(places.drop)] == [True]


def test_a_file_that_took_the_name_meanwhile_stays(places, stowing):
    """What was not run is not put away."""
    path = places.path / "a.csv"
    path.write_text("one")
    claim = claim_of(places)
    path.write_text("two, the next night's")
    place = stowing.put_away(decided(claim, "done"), known=False)
    assert path.read_text() == "two, the next night's"
    assert not (place / "a.csv").exists()


def test_a_file_that_takes_the_name_in_that_moment_is_put_back(places, stowing, monkeypatch):
    """Between the look and the move."""
    path = places.path / "a.csv"
    path.write_text("one")
    claim = decided(claim_of(places), "done")
    real = Claim.matches

    def looked_just_before(self, at, name):
        found = real(self, at, name)
        if at is places.drop and path.read_text() == "one":
            path.write_text("two")
        return found

    monkeypatch.setattr(Claim, "matches", looked_just_before)
    stowing.put_away(claim, known=False)
    assert path.read_text() == "two"


def test_a_place_that_is_taken_is_not_touched(places, stowing):
    """A run that failed, was mended and failed again has two folders."""
    for number in (1, 2):
        (places.path / "a.csv").write_text(f"{number}")
        claim = decided(claim_of(places), "failed", f"{number}")
        (places.working.path / claim.run_id).mkdir()
        stowing.put_away(claim, known=False)
    assert sorted(path.name for path in places.failed.path.iterdir()) == [
        "20260101-000000-abc",
        "20260101-000000-abc-2",
    ]


@pytest.mark.parametrize("name", ["rejected.csv", "report.xlsx", "why.txt"])
def test_a_file_named_like_a_report_keeps_clear_of_it(name):
    """A mended rejected.csv may be dropped as it is."""
    assert kept_name(name) == f"input_{name}"
    assert kept_name(f"x{name}") == f"x{name}"


def deadlines(places, flags=None):
    """What chooses by deadline."""
    return Deadlines(
        places.path, Settings(), flags or RunFlags(), clock=ManualClock(NOW), stop=StopToken()
    )


def campaign(places, name, *ends):
    """Write a campaign whose rows end so many hours from now, dropped one second after the last."""
    lines = [f"911140000000,987650000{n},Parcel,{NOW},{NOW + end * HOUR}" for n, end in ends]
    path = places.path / name
    path.write_text("\n".join(["caller,receiver,label,start,end", *lines, ""]))
    at = NOW // 1000 + len(list(places.path.iterdir()))
    os.utime(path, (at, at))


def test_the_file_whose_time_is_up_first_goes_first(places):
    """Rows that are past do not count; what can't be read costs nothing and goes first."""
    campaign(places, "late.csv", (1, 9), (2, 8))
    campaign(places, "soon.csv", (1, 9), (2, 2))
    campaign(places, "past.csv", (1, -3), (2, 7))
    campaign(places, "never.csv", (1, -3))
    (places.path / "odd.csv").write_bytes(b"\0\1")
    left, order = incoming_files(places.drop), []
    choose = deadlines(places)
    while left:
        first = choose.first(left)
        order.append(first.name)
        left.remove(first)
    assert order == ["odd.csv", "soon.csv", "past.csv", "late.csv", "never.csv"]


def test_where_all_end_at_one_time_arrival_decides(places):
    """With --window no file is read to find out."""
    (places.path / "b.csv").write_bytes(b"\0")
    (places.path / "a.csv").write_bytes(b"\0")
    found = incoming_files(places.drop)
    assert deadlines(places, RunFlags({"start": "now", "window": "8h"})).first(found) == found[0]


@pytest.mark.parametrize(
    ("flags", "settings", "error"),
    [
        ({"window": "8 parsecs", "start": "now"}, {}, "--window"),
        ({"start": "teatime", "window": "8h"}, {}, "--start"),
        ({"max_invalid": "some"}, {}, "max-invalid"),
        ({}, {"timezone": "Mars/Olympus"}, "Mars"),
        ({}, {"date_format": "ddd"}, "ddd"),
        ({}, {"not_before": "09:00", "not_after": "09:00"}, "not_before"),
    ],
)
def test_a_slip_in_the_flags_is_told_before_any_file_is_touched(flags, settings, error):
    """It is the caller's mistake, and must not send a night's files to failed/."""
    account = {"client_account_id": "a", "token": Secret("t")}
    with pytest.raises(UsageError, match=error):
        RunFlags(flags).check(Settings(**account | settings), now_ms=NOW)


def test_missing_credentials_are_told_before_any_file_is_touched():
    """The same for credentials."""
    with pytest.raises(SettingsError, match="BULKCALL_CLIENT_ACCOUNT_ID"):
        RunFlags().check(Settings(), now_ms=NOW)
    RunFlags().check(Settings(client_account_id="a", token=Secret("t")), now_ms=NOW)
