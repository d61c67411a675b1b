"""`bulkcall plan FILE`: what a run would do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import CHECK_LABELS, READING, SENDING, common, reading_a_file
from bulkcall.records import Channel

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.cli.options import Given
    from bulkcall.run.forecast import Planned
    from bulkcall.run.options import ReadKeywords
    from bulkcall.run.send_plan import ChannelPlan
    from bulkcall.settings.sending_hours import SendingHours


@click.command(
    name="plan",
    cls=Command,
    examples=(
        "plan campaign.xlsx --start now --window 8h",
        "plan campaign.xlsx --start now --window 8h --tokens 4 --not-before 09:00",
    ),
)
@CHECK_LABELS
@reading_a_file
@common(*SENDING, *READING)
def command(
    given: Given,
    *,
    file: str,
    out: Path | None,
    check_labels: bool,
    asked: ReadKeywords,
) -> None:
    """Show what a run of FILE would take on each channel; sends nothing.

    With --out, plan.json is written there.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.signals import stopping_on_signals

    if out is not None:
        from bulkcall.support.atomic_files import require_folder

        require_folder(out)
    with stopping_on_signals(given.console) as stop:
        planned = app.plan(
            file,
            settings=given.settings,
            check_labels=check_labels,
            progress=progress_for(given.console),
            stop=stop,
            **asked,
        )
    data = _data(planned)
    if out is not None:
        from bulkcall.support.atomic_files import replacing

        with replacing(out / "plan.json") as handle:
            handle.write(json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n")
    given.console.result(_text(planned), data)


def _data(planned: Planned) -> dict[str, Any]:
    found, figures = planned.validation, planned.plan
    return {
        "file": found.file.path,
        "sha256": found.file.sha256,
        "rows": found.rows,
        "valid": found.valid,
        "invalid": found.invalid,
        "duplicate": found.duplicate,
        "tokens": figures.tokens,
        "hours": str(planned.hours) if planned.hours else None,
        "channels": {
            channel.value: {**asdict(figures.channel(channel)), "channel": channel.value}
            for channel in Channel
        },
        "understood": found.understanding.as_data(),
        "notes": list(found.notes),
        "unknown_labels": [asdict(label) for label in found.unknown_labels],
    }


def _several(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _text(planned: Planned) -> str:
    from bulkcall.report.model import counted

    found, figures = planned.validation, planned.plan
    lines = [
        *found.understanding.lines(),
        "",
        (
            f"{found.file.path}: {counted(found.rows)}; {found.valid:,} would be sent, "
            f"{found.invalid:,} invalid, {found.duplicate:,} duplicate"
        ),
    ]
    lines += [f"  {note}" for note in found.notes]
    for channel in Channel:
        lines += ["", f"{channel.value}, {_several(figures.tokens, 'token')}:"]
        lines += [f"  {line}" for line in _channel_lines(figures.channel(channel), planned.hours)]
    return "\n".join(lines)


def _channel_lines(part: ChannelPlan, hours: SendingHours | None) -> list[str]:
    from bulkcall.report.model import counted

    requests = _several(part.requests, "request")
    lines = [f"{requests}, {_span(part.seconds)} at the limit"]
    if hours and part.first_at is not None and part.last_at is not None:
        first, last = hours.local(part.first_at), hours.local(part.last_at)
        lines.append(f"only from {hours}: the first {first}, the last {last}")
    if part.polls:
        lines.append(f"at least {_several(part.polls, 'status request')}")
    if part.expired:
        lines.append(f"{counted(part.expired)} would expire before their turn")
    if part.late:
        lines.append(f"{counted(part.late)} would be sent after their starts_at")
    if part.tokens_in_time is None:
        lines.append("even 10 tokens do not send all rows in time")
    elif part.expired:
        enough = _several(part.tokens_in_time, "token")
        lines.append(f"{enough} would send all rows in time (--tokens {part.tokens_in_time})")
    return lines


def _span(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    shown = " ".join(f"{count} {unit}" for count, unit in parts if count)
    return shown or "less than a second"
