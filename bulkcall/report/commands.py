"""The commands that a report tells people to type: whole, and quoted for a shell.

Every file of the report and the terminal take them from here (by way of advice.py), so that one
test can run each of them.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bulkcall.records import Channel, OnUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bulkcall.ledger.model import RunInfo
    from bulkcall.report.model import Report

_INDIA = "IN"
_INDIAN_ZONE = "Asia/Kolkata"


def command_line(words: Sequence[str]) -> str:
    """Words as a person types them in a shell of this system."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def resume(report: Report) -> str:
    """The command that continues the run."""
    return on_run("resume", report.run, report.ledger)


def reconcile(report: Report) -> str:
    """The command that asks the server again."""
    return on_run("reconcile", report.run, report.ledger)


def retry(report: Report) -> str:
    """The command that sends again what needs no editing; empty once its window is over."""
    is_open = report.last_end is not None and report.last_end > report.written_at
    return on_run("retry", report.run, report.ledger) if is_open else ""


def on_run(name: str, run: RunInfo, ledger: str) -> str:
    """A command that takes the id of a run."""
    return command_line(["bulkcall", name, run.run_id, *_where(run, ledger)])


def run_rejected(report: Report, here: Path | None = None) -> str:
    """The command that sends rejected.csv once it is fixed."""
    path = shown_path(report.folder / "rejected.csv", here)
    words = [*_reading(report, sheet=False), *_sending(report.run)]
    return command_line(["bulkcall", "run", path, *words, *_where(report.run, report.ledger)])


def run_again(report: Report, *flags: str, here: Path | None = None) -> str:
    """The command that runs the campaign file again; empty where it came from a pipe."""
    source = report.run.file_facts.get("source", {})
    file = str(source.get("file", ""))
    if not file or Path(file).name == "-":
        return ""
    words = [*_reading(report, sheet=True), *_sending(report.run), *flags]
    path = shown_path(Path(file), here)
    return command_line(["bulkcall", "run", path, *words, *_where(report.run, report.ledger)])


def shown_path(path: Path, here: Path | None) -> str:
    """A path as short as it can be typed in the folder `here`; absolute without one."""
    if here is not None:
        with contextlib.suppress(ValueError):
            path = path.relative_to(here)
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _reading(report: Report, *, sheet: bool) -> Iterator[str]:
    """The flags that say how the run's rows are to be read, as they were for the run."""
    source: Mapping[str, Any] = report.run.file_facts.get("source", {})
    for field, column in dict(source.get("columns") or {}).items():
        yield from ("--map", f"{field}={column}")
    if sheet and source.get("sheet"):
        yield from ("--sheet", str(source["sheet"]))
    if sheet and source.get("skip_hidden"):
        yield "--skip-hidden"
    if sheet and source.get("encoding"):  # rejected.csv is UTF-8
        yield from ("--encoding", str(source["encoding"]))
    yield from _locale(source)
    for value in source.get("null_values") or ():
        yield from ("--null-value", str(value))
    yield from _times(report, source)


def _locale(source: Mapping[str, Any]) -> Iterator[str]:
    region = str(source.get("region") or _INDIA)
    if region != _INDIA:
        yield from ("--region", region)
    countries = source.get("countries") or ()
    if countries:
        listed = countries if isinstance(countries, str) else ",".join(map(str, countries))
        yield from ("--countries", listed)
    usual = _INDIAN_ZONE if region == _INDIA else ""
    if source.get("timezone") and source["timezone"] != usual:
        yield from ("--timezone", str(source["timezone"]))
    if source.get("date_format"):
        yield from ("--date-format", str(source["date_format"]))


def _times(report: Report, source: Mapping[str, Any]) -> Iterator[str]:
    start, window = source.get("start"), source.get("window")
    # A fixed start whose window is over would make every row invalid.
    over = report.last_end is not None and report.last_end <= report.written_at
    if start:
        yield from ("--start", "now" if over and window else str(start))
    if window:
        yield from ("--window", str(window))


def _sending(run: RunInfo) -> Iterator[str]:
    if run.channel is not Channel.BATCH:
        yield from ("--channel", run.channel.value)
    if run.on_unknown is not OnUnknown.RESEND:
        yield from ("--on-unknown", run.on_unknown.value)


def _where(run: RunInfo, ledger: str) -> Iterator[str]:
    """The flags that name settings, account and ledger."""
    config = run.file_facts.get("flags", {}).get("config")
    if config:
        yield from ("--config", str(config))
    if run.profile:
        yield from ("--profile", run.profile)
    if ledger:
        yield from ("--ledger", ledger)


def ledger_flag(ledger: str) -> str:
    """A ledger's setting as `--ledger` takes it anywhere; empty where it holds a password."""
    if "://" in ledger:
        return "" if urlsplit(ledger).password or "password=" in ledger else ledger
    return str(Path(ledger).expanduser().absolute()) if ledger else ""
