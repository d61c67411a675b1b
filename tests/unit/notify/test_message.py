"""What a message says, before any chat gives it a form."""

from __future__ import annotations

import pytest

from bulkcall.errors import ExitStatus
from bulkcall.notify.message import Tone, message
from tests.endings import RUN_ID, ending, never_began


@pytest.mark.parametrize(
    ("run", "title", "tone"),
    [
        (
            ending(ExitStatus.OK, counts={"success": 1200}),
            "bulkcall (north): all 1,200 rows of list.csv confirmed",
            Tone.GOOD,
        ),
        (ending(), "bulkcall (north): 90 of 100 rows of list.csv confirmed", Tone.MIXED),
        (ending(ExitStatus.STOPPED), "bulkcall (north): list.csv stopped", Tone.BAD),
        (ending(conserved=False), "bulkcall (north): the rows of list.csv do not add up", Tone.BAD),
        (
            ending(counts={"invalid": 9}, withheld=True),
            "bulkcall (north): nothing of list.csv was sent",
            Tone.BAD,
        ),
        (never_began(), "bulkcall (north): list.csv could not be run", Tone.BAD),
        (ending(profile="", file=""), "bulkcall: 90 of 100 rows of a run confirmed", Tone.MIXED),
    ],
)
def test_the_title_says_how_it_went(run, title, tone):
    """One line that is enough on a locked phone."""
    told = message(run, host="box")
    assert (told.title, told.tone) == (title, tone)


def test_it_holds_what_the_morning_needs():
    """Verdict, counts, run, exit status in words, where the report is, how to go on."""
    told = message(ending(ExitStatus.STOPPED, resume=f"bulkcall resume {RUN_ID}"), host="box")
    assert told.verdict.startswith("90 of 100 rows confirmed")
    assert told.counts == (
        ("success", "90"),
        ("refused", "6"),
        ("invalid", "4"),
        ("rows", "100"),
    )
    assert dict(told.facts) == {
        "Run": RUN_ID,
        "File": "list.csv",
        "Exit status": "1: stopped on an error",
        "Report": f"box:/srv/{RUN_ID}/report.html",
    }
    assert told.resume == f"bulkcall resume {RUN_ID}"


def test_a_run_that_never_began_has_no_counts():
    """Nothing is made up about a file that could not be read."""
    told = message(never_began(), host="box")
    assert told.counts == ()
    assert [name for name, _ in told.facts] == ["File", "Exit status"]


def test_every_part_is_one_short_line():
    """Line breaks and endless texts of a server can't break the message's form."""
    told = message(ending(verdict="a\r\nb\n" + "x" * 5000, reasons=("y\n" * 900,)), host="box")
    assert told.verdict.startswith("a b x")
    assert all(len(text) <= 600 and "\n" not in text for text in (told.verdict, *told.reasons))
