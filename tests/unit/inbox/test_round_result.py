"""What a round says of itself: one line, one object, one exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkcall.errors import CredentialsError, ExitStatus, SettingsError
from bulkcall.inbox import FileOutcome, Left, RoundResult, Taken


def taken(fate, status=0, **more):
    """Make a file that was taken."""
    values = {"name": "a.csv", "run_id": "r", "folder": Path("f")} | more
    return Taken(fate=fate, status=ExitStatus(status), **values)


def test_the_line_of_a_good_night():
    """Fates in order, then what was confirmed."""
    night = RoundResult(
        (
            *[taken(FileOutcome.DONE, rows=9_700, confirmed=9_642)] * 5,
            taken(FileOutcome.FAILED, 2, name="b.xlsx", why="binary data"),
            taken(
                FileOutcome.RESUMABLE,
                1,
                name="c.csv",
                why="the server is away",
                rows=10,
                confirmed=1,
            ),
        )
    )
    assert night.line() == (
        "took 7 files: 5 done, 1 failed (b.xlsx: binary data), 1 to be resumed (c.csv: the server "
        "is away); 48,211 of 48,510 rows confirmed"
    )


def test_the_line_of_a_night_without_work():
    """Nothing was taken, and what was left is counted by why."""
    assert RoundResult().line() == "no new files"
    left = (Left("a", "still being written"), Left("b", "still being written"), Left("c", "odd"))
    assert RoundResult(left=left).line() == (
        "no new files; left in the inbox: 2 still being written, 1 odd"
    )


def test_many_failures_are_counted_after_the_first_two():
    """The line stays one line."""
    night = RoundResult(
        tuple(taken(FileOutcome.FAILED, 2, name=f"{n}.csv", why="bad") for n in "abcd")
    )
    assert night.line() == "took 4 files: 4 failed (a.csv: bad; b.csv: bad; 2 more)"


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 4], 4), ([4, 2, 3], 2), ([2, 1, 4], 1)],
)
def test_the_exit_status_is_the_worst(statuses, worst):
    """1 before 2 before 4 before 3 before 0."""
    assert (
        RoundResult(tuple(taken(FileOutcome.DONE, each) for each in statuses)).exit_status == worst
    )


def test_what_ended_the_round_counts_too():
    """An error of the whole, and a file that could not be looked at."""
    assert RoundResult(error=CredentialsError("no")).exit_status == 1
    assert RoundResult(error=SettingsError("no")).exit_status == 2
    assert RoundResult(left=(Left("a", "held", ExitStatus.STOPPED),)).exit_status == 1


def test_the_object_holds_all_of_it():
    """Everything in it is plain JSON, files in the order in which they were taken."""
    night = RoundResult((taken(FileOutcome.DONE, 3, rows=2, confirmed=1),), (Left("x", "odd"),))
    data = json.loads(json.dumps(night.as_data()))
    assert data["counts"] == {"done": 1, "failed": 0, "to be resumed": 0, "already done": 0}
    assert data["files"][0]["file"] == "a.csv"
    assert data["left"] == [{"file": "x", "why": "odd"}]
    assert (data["rows"], data["confirmed"], data["exit_status"]) == (2, 1, 3)
