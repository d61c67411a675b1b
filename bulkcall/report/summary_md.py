"""summary.md: the run in a few lines for a chat or a ticket; no phone number stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkcall.report.advice import DEMO_OVER, is_demo, next_steps
from bulkcall.report.formatting import duration, when, zone_of
from bulkcall.report.model import counted
from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from bulkcall.report.model import Report

_MOST_REASONS = 5
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~@-])")


def summary_md(report: Report) -> str:
    """summary.md's text."""
    run = report.run
    zone = zone_of(run)
    lines = [
        f"**{_plain(report.verdict)}**",
        "",
        (
            f"Run `{run.run_id}`, channel {run.channel.value}, {when(run.started_at, zone)}, took"
            f" {duration(run.started_at, run.finished_at)}, {run.requests:,} requests"
            f" ({run.retries:,} repeated)."
        ),
        *([f"It tries rows of run `{run.parent}` again."] if run.parent else []),
        "",
        "| Outcome | Rows |",
        "| --- | ---: |",
        *(
            f"| {outcome.value} | {count:,} |"
            for outcome, count in report.outcomes.items()
            if count
        ),
        f"| **all** | **{report.rows:,}** |",
        "",
        "Every row is accounted for, once."
        if report.conserved
        else "**The rows do not add up: do not rely on these figures.**",
    ]
    if report.repeated:
        lines += ["", f"Sent, or perhaps sent, more than once: {counted(report.repeated)}."]
    if report.reasons:
        lines += ["", "Most frequent reasons:", ""]
        lines += [
            f"- {each.rows:,} {each.outcome.value}: {_plain(each.text) or 'no message'}"
            for each in report.reasons[:_MOST_REASONS]
        ]
    steps = next_steps(report)
    if steps:
        lines += ["", "Next:", "", *([DEMO_OVER, ""] if is_demo(report) else [])]
        lines += [
            f"- {step.rows:,} {step.outcome.value}: {step.text}"
            + (f" `{step.command}`" if step.command else "")
            for step in steps
        ]
    lines += ["", f"File SHA-256: `{run.sha256}`", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    # A server's or a cell's text must not become a heading, a link or a mention in the ticket.
    return _MARKS.sub(r"\\\1", " ".join(masked_text(text).split()))
