"""`bulkcall plan FILE`: what a run would do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.options import CHECK_LABELS, READING, SENDING, common, reading_a_file
from bulkcall.records import Channel

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.cli.options import Given
    from bulkcall.run.forecast import Planned
    from bulkcall.run.options import ReadKeywords
    from bulkcall.run.send_plan import ChannelPlan
    from bulkcall.settings.sending_hours import SendingHours


@click.command(name="plan")
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
        "notes": list(found.notes),
        "unknown_labels": [asdict(label) for label in found.unknown_labels],
    }


def _text(planned: Planned) -> str:
    found, figures = planned.validation, planned.plan
    lines = [
        (
            f"{found.file.path}: {found.rows:,} rows; {found.valid:,} would be sent, "
            f"{found.invalid:,} invalid, {found.duplicate:,} duplicate"
        )
    ]
    lines += [f"  {note}" for note in found.notes]
    for channel in Channel:
        lines += ["", f"{channel.value}, {figures.tokens} token(s):"]
        lines += [f"  {line}" for line in _channel_lines(figures.channel(channel), planned.hours)]
    return "\n".join(lines)


def _channel_lines(part: ChannelPlan, hours: SendingHours | None) -> list[str]:
    lines = [f"{part.requests:,} requests, about {_span(part.seconds)} at the limit"]
    if hours and part.first_at is not None and part.last_at is not None:
        first, last = hours.local(part.first_at), hours.local(part.last_at)
        lines.append(f"only from {hours}: the first {first}, the last {last}")
    if part.polls:
        lines.append(f"{part.polls:,} status requests at least")
    if part.expired:
        lines.append(f"{part.expired:,} rows would expire before their turn")
    if part.late:
        lines.append(f"{part.late:,} rows would go out after their starts_at")
    if part.tokens_in_time is None:
        lines.append("even 10 tokens do not get all rows out in time")
    elif part.expired:
        lines.append(f"{part.tokens_in_time} token(s) get all rows out in time")
    return lines


def _span(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or f"{seconds:.1f} s"
