"""`bulkcall config`: what bulkcall.toml says, what is wrong with it, and what is in force."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.console import Console
from bulkcall.cli.help import Group
from bulkcall.cli.options import SPEAKING
from bulkcall.errors import ExitStatus
from bulkcall.settings import RULES, Secret, contradictions, survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.settings import Loaded

HIDDEN = "(hidden)"


@click.group(name="config", cls=Group)
def command() -> None:
    """Check the settings, show what is in force, or print a schema for editors."""


def _looking(function: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option(
            "--config", type=click.Path(path_type=Path), help="The bulkcall.toml to read."
        ),
        click.option("--profile", metavar="NAME", help="The [profiles.NAME] to put in force."),
        *SPEAKING,
    )
    for option in reversed(options):
        function = option(function)
    return function


def _console(as_json: bool, log_format: str, verbose: int, quiet: bool) -> Console:
    return Console(as_json=as_json, log_format=log_format, verbosity=-1 if quiet else verbose)


@command.command(name="check")
@_looking
def check(
    *,
    config: Path | None,
    profile: str | None,
    as_json: bool,
    log_format: str,
    verbose: int,
    quiet: bool,
) -> ExitStatus:
    """Check all settings at once; every error is shown with its file and line.

    Every profile is checked. Asks no server. Exit status: 0 no errors, 2 there are some.
    """
    console = _console(as_json, log_format, verbose, quiet)
    loaded = survey({"profile": profile}, config=config)
    problems = [*loaded.problems, *contradictions(loaded.settings)]
    warnings = [*loaded.warnings]
    status = ExitStatus.USAGE if problems else ExitStatus.OK
    lines = [f"error    {line}" for line in problems] + [f"warning  {line}" for line in warnings]
    lines.append(f"{_of(loaded)}: {_counted(len(problems))}")
    data = {
        "file": str(loaded.file) if loaded.file else None,
        "problems": problems,
        "warnings": warnings,
        "exit_status": int(status),
    }
    console.result("\n".join(lines), data)
    return status


@command.command(name="show")
@_looking
def show(
    *,
    config: Path | None,
    profile: str | None,
    as_json: bool,
    log_format: str,
    verbose: int,
    quiet: bool,
) -> ExitStatus:
    """Show the settings in force and where each came from. Secrets are hidden.

    Exit status: 0, or 2 if there are errors (`bulkcall config check` shows them).
    """
    from bulkcall.cli.running import table

    console = _console(as_json, log_format, verbose, quiet)
    loaded = survey({"profile": profile}, config=config)
    shown = {name: _shown(getattr(loaded.settings, name)) for name in RULES}
    if loaded.settings.ledger:
        shown["ledger"] = _address(loaded.settings.ledger)
    rows = [(name, _text(shown[name]), loaded.origins[name]) for name in RULES]
    for line in (*loaded.problems, *loaded.warnings):
        console.line("warning", line)
    data = {
        "file": str(loaded.file) if loaded.file else None,
        "settings": {name: {"value": shown[name], "from": loaded.origins[name]} for name in RULES},
        "problems": list(loaded.problems),
    }
    console.result(table(("SETTING", "VALUE", "FROM"), rows), data)
    return ExitStatus.USAGE if loaded.problems else ExitStatus.OK


@command.command(name="schema")
def schema() -> None:
    """Print a JSON schema of bulkcall.toml, for editors that complete and check as you type."""
    from bulkcall.settings.schema import schema as made

    click.echo(json.dumps(made(), indent=2, ensure_ascii=False))


def _shown(value: object) -> object:
    if isinstance(value, Secret):
        return HIDDEN if value else ""
    if isinstance(value, str):
        return _without_password(value)
    return dict(value) if isinstance(value, dict) else value


def _address(ledger: str) -> str:
    """Return as much of the ledger's address as was read for certain."""
    from bulkcall.errors import SettingsError
    from bulkcall.support.ledger_address import read_address

    try:
        return read_address(ledger).shown
    except SettingsError:
        return HIDDEN


def _without_password(text: str) -> str:
    """Hide what stands between a URL's user name and its host, and in its query."""
    text = re.sub(r"(://[^/@:]*):[^@]*@", rf"\1:{HIDDEN}@", text)
    return re.sub(r"([?&]\w*(?:password|token|key)\w*=)[^&]*", rf"\1{HIDDEN}", text)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{name} = {column}" for name, column in value.items())
    return str(value)


def _of(loaded: Loaded) -> str:
    return str(loaded.file) if loaded.file else "no bulkcall.toml"


def _counted(problems: int) -> str:
    return {0: "OK, no problems found", 1: "1 error"}.get(problems, f"{problems} errors")
