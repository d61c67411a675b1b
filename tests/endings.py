"""Endings of runs that never were, for tests of what is told and measured."""

from __future__ import annotations

from bulkcall.errors import ExitStatus
from bulkcall.records import Outcome
from bulkcall.run_summary import RunSummary, StageTime

SECOND = 1_000_000_000
BEGUN = 1_795_000_000 * SECOND
RUN_ID = "20261121-213847-8aafae"


def outcomes(**counts):
    """All eleven words, these counts."""
    return {word: counts.get(word.value, 0) for word in Outcome}


def ending(status=ExitStatus.NOT_ALL, *, counts=None, **changes):
    """A run of 100 rows, of which 90 are success, unless told otherwise."""
    counts = {"success": 90, "refused": 6, "invalid": 4} if counts is None else counts
    facts = {
        "verdict": "90 of 100 rows confirmed; 6 refused, 4 invalid; see rejected.csv.",
        "profile": "north",
        "run_id": RUN_ID,
        "file": "list.csv",
        "channel": "batch",
        "outcomes": outcomes(**counts),
        "rows": sum(counts.values()),
        "requests": 3,
        "retries": 1,
        "begun": BEGUN,
        "ended": BEGUN + 10 * SECOND,
        "reasons": ("6 refused: label_id is not known",),
        "report": f"/srv/{RUN_ID}/report.html",
        "stages": (
            StageTime("load", BEGUN, BEGUN + SECOND, 100, through=True),
            StageTime("send", BEGUN + SECOND, BEGUN + 4 * SECOND, 96, through=True),
            StageTime("reconcile", BEGUN + 2 * SECOND, BEGUN + 9 * SECOND, 96, through=True),
        ),
    }
    return RunSummary(exit_status=status, **(facts | changes))


def never_began(verdict="list.csv: there is no such file"):
    """A run that failed before it began."""
    return RunSummary(
        exit_status=ExitStatus.USAGE,
        verdict=verdict,
        profile="north",
        file="list.csv",
        begun=BEGUN,
        ended=BEGUN + SECOND,
    )
