"""What a person is told of a run, before any chat or letter gives it a form. Pure code."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bulkcall.errors import ExitStatus
from bulkcall.records import Outcome
from bulkcall.support.text import one_line

if TYPE_CHECKING:
    from bulkcall.run_summary import RunSummary

MEANINGS = {
    ExitStatus.OK: "every row is success",
    ExitStatus.STOPPED: "stopped on an error",
    ExitStatus.USAGE: "wrong usage, settings or file; nothing was sent",
    ExitStatus.NOT_ALL: "finished, some rows are not success",
    ExitStatus.INTERRUPTED: "stopped by a signal or a stop request",
}
"""Exit status → what it means, in a few words (contract: Exit status)."""

_LONGEST = 600
_MOST_REASONS = 3


class Tone(StrEnum):
    """What colour or mark a message gets."""

    GOOD = "good"
    MIXED = "mixed"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Message:
    """A message in parts, each of one line, none with a phone number in it."""

    tone: Tone
    title: str
    verdict: str
    counts: tuple[tuple[str, str], ...]
    """Outcome and rows, for outcomes that have any, and the sum last."""
    facts: tuple[tuple[str, str], ...]
    """Run, exit status, where the report is."""
    reasons: tuple[str, ...]
    resume: str
    """The command that takes the run up; empty where there is none."""


def message(ending: RunSummary, *, host: str | None = None) -> Message:
    """Return in words how a run ended; `host` is the machine that the report is on."""
    host = socket.gethostname() if host is None else host
    counts = [(word.value, f"{rows:,}") for word, rows in ending.outcomes.items() if rows]
    if ending.outcomes:
        counts.append(("rows", f"{ending.rows:,}"))
    status = ending.exit_status
    facts = [
        ("Run", ending.run_id),
        ("File", ending.file),
        ("Exit status", f"{int(status)}: {MEANINGS[status]}"),
        ("Report", f"{host}:{ending.report}" if ending.report else ""),
    ]
    return Message(
        tone=_tone(ending),
        title=_line(_title(ending)),
        verdict=_line(ending.verdict),
        counts=tuple(counts),
        facts=tuple((name, _line(value)) for name, value in facts if value),
        reasons=tuple(_line(reason) for reason in ending.reasons[:_MOST_REASONS]),
        resume=ending.resume,
    )


def _tone(ending: RunSummary) -> Tone:
    if ending.failed:
        return Tone.BAD
    return Tone.GOOD if ending.exit_status is ExitStatus.OK else Tone.MIXED


def _title(ending: RunSummary) -> str:
    who = f"bulkcall ({ending.profile})" if ending.profile else "bulkcall"
    what = ending.file or "a run"
    if not ending.run_id:
        return f"{who}: {what} could not be run"
    if ending.exit_status in {ExitStatus.STOPPED, ExitStatus.INTERRUPTED}:
        return f"{who}: {what} stopped"
    if not ending.conserved:
        return f"{who}: the rows of {what} do not add up"
    if not ending.gone_out:
        return f"{who}: nothing of {what} was sent"
    if ending.exit_status is ExitStatus.OK:
        return f"{who}: all {ending.rows:,} rows of {what} confirmed"
    good = ending.outcomes.get(Outcome.SUCCESS, 0)
    return f"{who}: {good:,} of {ending.rows:,} rows of {what} confirmed"


def _line(text: str) -> str:
    return one_line(text, _LONGEST)
