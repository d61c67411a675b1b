"""What each outcome means and what to do next: the report's words for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.ledger.model import RunState
from bulkcall.records import Channel, Outcome
from bulkcall.report import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkcall.report.model import Report

MEANINGS = {
    Outcome.SUCCESS: "confirmed by the API",
    Outcome.ERROR: "accepted by the API, which then reported a failure",
    Outcome.REFUSED: "refused by the API (400)",
    Outcome.MISSING: "accepted, but not listed in the final status of its batch",
    Outcome.PENDING: "accepted, and not final yet",
    Outcome.UNKNOWN: "perhaps sent; nothing settles what happened to it",
    Outcome.FAILED: "turned away at every try, so never accepted",
    Outcome.INVALID: "failed validation, not sent",
    Outcome.DUPLICATE: "a repeat, not sent again",
    Outcome.EXPIRED: "its window ended before its turn, not sent",
    Outcome.UNSENT: "not sent yet",
}
"""Outcome → what happened to the row, in a few words."""

DEMO_OVER = (
    "This was a demo: its sandbox has stopped, so no command can do more for these rows. After a"
    " run of your own, this is where the command to type is shown."
)


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do for some rows."""

    outcome: Outcome
    rows: int
    text: str
    command: str = ""
    """What to type, whole and quoted for a shell; empty where no command helps."""


def next_steps(report: Report, *, here: Path | None = None) -> tuple[NextStep, ...]:
    """What to do for every outcome that is not `success`, most urgent first.

    Paths are absolute, or as short as they can be typed in the folder `here`.
    """
    steps = [step for step in _steps(report, here) if step.rows]
    if is_demo(report):
        return tuple(NextStep(step.outcome, step.rows, step.text) for step in steps)
    return tuple(steps)


def is_demo(report: Report) -> bool:
    """Whether the run's server is gone, so that no command helps."""
    return bool(report.run.file_facts.get("demo"))


def resume_command(report: Report) -> str:
    """The command that continues a run which stopped."""
    return commands.resume(report)


def _steps(report: Report, here: Path | None) -> Iterator[NextStep]:
    count = report.outcomes
    rejected = commands.run_rejected(report, here)
    reconcile = commands.reconcile(report)
    retry = commands.retry(report)
    yield _unsent(report, here)
    yield _unknown(report, reconcile)
    yield NextStep(
        Outcome.PENDING,
        count[Outcome.PENDING],
        "The API is still processing them. Ask again later.",
        reconcile,
    )
    yield NextStep(
        Outcome.MISSING,
        count[Outcome.MISSING],
        "Accepted, but not listed. Ask again; if they stay missing, give Truecaller's support the"
        " batch ids that are beside them in outcomes.csv.",
        reconcile,
    )
    yield NextStep(
        Outcome.INVALID,
        count[Outcome.INVALID],
        "Fix the cells that rejected.csv names, in that file, then run it.",
        rejected,
    )
    yield NextStep(
        Outcome.REFUSED,
        count[Outcome.REFUSED],
        "The API's reason is beside each row in rejected.csv. Fix them there, then run it.",
        rejected,
    )
    final = sum(
        each.rows for each in report.reasons if each.outcome is Outcome.ERROR and not each.rejected
    )
    yield NextStep(
        Outcome.ERROR,
        count[Outcome.ERROR] - final,
        "Most often the phone could not be reached."
        + (" Send them again later." if retry else " They are in rejected.csv: run it later."),
        retry or rejected,
    )
    yield NextStep(
        Outcome.ERROR,
        final,
        "No other try can help: not a Truecaller user, or a phone that is not supported."
        " Take them off the list, or call them without a label.",
    )
    yield NextStep(
        Outcome.FAILED,
        count[Outcome.FAILED],
        "The API turned every try away, so it can't have accepted them. Send them again once the"
        " API is well again" + ("." if retry else ": they are in rejected.csv."),
        retry or rejected,
    )
    yield NextStep(
        Outcome.EXPIRED,
        count[Outcome.EXPIRED],
        "Their window ended before their turn. Give them a later end in a new file, start earlier,"
        " or send with more tokens (--tokens).",
    )
    yield _duplicate(report, here)


def _unsent(report: Report, here: Path | None) -> NextStep:
    rows = report.outcomes[Outcome.UNSENT]
    run = report.run
    if run.state is RunState.WITHHELD and run.dry_run:
        command = commands.run_again(report, here=here)
        return NextStep(Outcome.UNSENT, rows, "This was a dry run. To send them:", command)
    if run.state is RunState.WITHHELD:
        text = "Too many rows are invalid. To send the valid ones all the same:"
        return NextStep(Outcome.UNSENT, rows, text, commands.resume(report))
    if run.state is RunState.ABANDONED:
        text = "The run was given up before it sent anything. Start it anew."
        return NextStep(Outcome.UNSENT, rows, text, commands.run_again(report, here=here))
    text = "Their turn has not come. Continue the run; what was sent is not sent again."
    return NextStep(Outcome.UNSENT, rows, text, commands.resume(report))


def _unknown(report: Report, reconcile: str) -> NextStep:
    rows = report.outcomes[Outcome.UNKNOWN]
    if report.run.channel is Channel.REALTIME:
        text = (
            "They may have been accepted, and a real-time call can't be asked about later. Only if"
            " a second record does no harm: put these rows into a file of their own and run it"
            " with --resend."
        )
        return NextStep(Outcome.UNKNOWN, rows, text)
    text = (
        "They may have been accepted. Ask the API again; only if they stay unknown, put them into"
        " a file of their own and run it with --resend."
    )
    return NextStep(Outcome.UNKNOWN, rows, text, reconcile)


def _duplicate(report: Report, here: Path | None) -> NextStep:
    rows = report.outcomes[Outcome.DUPLICATE]
    tried = sum(report.outcomes.values()) - report.outcomes[Outcome.INVALID] - rows
    if tried:
        text = (
            "Nothing to do: the same record is earlier in the file, or an earlier run sent it."
            " --allow-duplicates sends equal rows of a file, --resend what earlier runs sent."
        )
        return NextStep(Outcome.DUPLICATE, rows, text)
    text = "Nothing to do: they were sent already. Only if they are meant to be sent once more:"
    return NextStep(
        Outcome.DUPLICATE, rows, text, commands.run_again(report, "--resend", here=here)
    )
