"""What to say in one line, and what to do next: the report's words for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.ledger.model import RunState
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from bulkcall.report.model import Report

MEANINGS = {
    Outcome.SUCCESS: "confirmed by the API",
    Outcome.ERROR: "the API took it and says that it failed",
    Outcome.REFUSED: "the API refused it (400)",
    Outcome.MISSING: "accepted, but its batch's final status does not list it",
    Outcome.PENDING: "accepted, and not final yet",
    Outcome.UNKNOWN: "sent perhaps; nothing settles what became of it",
    Outcome.FAILED: "turned away at every try, never taken",
    Outcome.INVALID: "failed validation, not sent",
    Outcome.DUPLICATE: "a repeat, not sent again",
    Outcome.EXPIRED: "its end passed before its turn, not sent",
    Outcome.UNSENT: "not sent yet",
}
"""Outcome → what happened to the row, in a few words."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do for some rows."""

    outcome: Outcome
    rows: int
    text: str
    command: str = ""


def verdict(report: Report) -> str:
    """Say in one line whether it worked, what did not, and where to look."""
    total = report.rows
    good = report.outcomes[Outcome.SUCCESS]
    if not report.conserved:
        return (
            "The rows do not add up: see the proof below, and do not rely on these figures"
            f" ({report.conservation.written:,} written, {report.conservation.in_file:,} in the"
            " file)."
        )
    if total and good == total:
        return "The one row is confirmed." if total == 1 else f"All {total:,} rows are confirmed."
    others = [
        f"{count:,} {outcome.value}"
        for outcome, count in report.outcomes.items()
        if count and outcome is not Outcome.SUCCESS
    ]
    if not total:
        line = "No row was loaded"
    else:
        line = f"{good:,} of {total:,} rows confirmed; {', '.join(others)}"
    if report.run.state is RunState.WITHHELD:
        line = f"Nothing was sent, as asked. {line}"
    elif report.run.reason:
        line = f"Stopped: {report.run.reason.rstrip('.')}. {line}"
    return f"{line}; see rejected.csv." if report.rejected else f"{line}."


def tone(report: Report) -> str:
    """Judge the run in one word for colour and icon: good, mixed or bad."""
    if not report.conserved:
        return "bad"
    if report.rows and report.outcomes[Outcome.SUCCESS] == report.rows:
        return "good"
    if report.run.state is RunState.WITHHELD:
        return "mixed"
    half = report.outcomes[Outcome.SUCCESS] * 2 < report.rows
    return "bad" if half or report.outcomes[Outcome.UNSENT] or report.run.reason else "mixed"


def next_steps(report: Report) -> tuple[NextStep, ...]:
    """Give what to do for every outcome that is not `success`, most urgent first."""
    run = report.run.run_id
    saved = "bulkcall run rejected.csv"
    finals = sum(
        each.rows for each in report.reasons if each.outcome is Outcome.ERROR and not each.rejected
    )
    count = report.outcomes
    all_steps = (
        NextStep(
            Outcome.UNSENT,
            count[Outcome.UNSENT],
            "Their turn has not come. Take the run up; what was sent is not sent again.",
            f"bulkcall resume {run}",
        ),
        NextStep(
            Outcome.UNKNOWN,
            count[Outcome.UNKNOWN],
            "They may have arrived. Ask the server again; only if it stays unknown, send them once"
            " more in a new run with --resend (the same window is set again to the same label).",
            f"bulkcall reconcile {run}",
        ),
        NextStep(
            Outcome.PENDING,
            count[Outcome.PENDING],
            "The server is still at work on them. Ask again later.",
            f"bulkcall reconcile {run}",
        ),
        NextStep(
            Outcome.MISSING,
            count[Outcome.MISSING],
            "Accepted, but not listed. Ask again; if they stay away, give Truecaller's support the"
            " batch ids from the proof below.",
            f"bulkcall reconcile {run}",
        ),
        NextStep(
            Outcome.INVALID,
            count[Outcome.INVALID],
            "Mend the cells that rejected.csv names, in that file, and run it.",
            saved,
        ),
        NextStep(
            Outcome.REFUSED,
            count[Outcome.REFUSED],
            "The server's reason stands beside each row in rejected.csv. Mend them there.",
            saved,
        ),
        NextStep(
            Outcome.ERROR,
            count[Outcome.ERROR] - finals,
            "Most often the phone was out of reach. They stand in rejected.csv: run it later.",
            saved,
        ),
        NextStep(
            Outcome.ERROR,
            finals,
            "No other try can help: not a Truecaller user, or a phone that is not supported."
            " Take them off the list, or call them without a label.",
        ),
        NextStep(
            Outcome.FAILED,
            count[Outcome.FAILED],
            "The server turned every try away and can't have taken them. Run rejected.csv once it"
            " is well again.",
            saved,
        ),
        NextStep(
            Outcome.EXPIRED,
            count[Outcome.EXPIRED],
            "Their window was over before their turn. Give them a later ends_at, start earlier, or"
            " send with more tokens.",
        ),
        NextStep(
            Outcome.DUPLICATE,
            count[Outcome.DUPLICATE],
            "Nothing to do. If they are meant twice: --allow-duplicates for equal rows of the file,"
            " --resend for what an earlier run sent.",
        ),
    )
    return tuple(step for step in all_steps if step.rows)
