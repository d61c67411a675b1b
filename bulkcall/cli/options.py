"""Options that commands share, made from the settings' own rules."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.console import Console
from bulkcall.errors import UsageError
from bulkcall.run.options import ReadOptions, RunOptions, asked_of
from bulkcall.settings import RULES, Secret, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bulkcall.ledger import RunInfo
    from bulkcall.run.options import Asked
    from bulkcall.settings import Settings

READING = (
    "region",
    "countries",
    "timezone",
    "date_format",
    "null_values",
    "encoding",
    "skip_hidden",
)
"""Settings that say how a campaign file is read."""
LEDGER = ("ledger",)
SENDING = tuple(
    name
    for name, rule in RULES.items()
    if rule.flag
    and rule.kind is not Secret
    and name not in {*READING, *LEDGER, "columns", "profile"}
)
"""Settings that say how records are sent."""
_NOT_KEPT = ("client_account_id", "base_url")
"""What a run is resumed for is known from the run; where the API is may change."""


@dataclass(frozen=True, slots=True)
class Given:
    """What every command is handed: its console, and the settings in force."""

    console: Console
    settings: Settings
    flags: dict[str, Any]
    """The settings given by flags, and `config`: a resume of this command's run keeps to them."""
    asked: dict[str, Any]
    """All settings given by flags."""


def common(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add to a command the flags that all have, and one for each of the named settings.

    The command's first argument is then a `Given`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            console = Console(
                as_json=values.pop("as_json"),
                log_format=values.pop("log_format"),
                verbosity=-1 if values.pop("quiet") else values.pop("verbose"),
            )
            values.pop("verbose", None)
            console.start_logging()
            flags = {name: values.pop(name) for name in (*names, "profile")}
            if "columns" in values:
                flags["columns"] = values.pop("columns") or None
            config = values.pop("config")
            # Who asks no server needs no credentials, and no keyring is asked for them.
            calls = {"base_url", "ledger"} <= set(names) or bool(values.get("check_labels"))
            loaded = load_settings(flags, config=config, credentials=calls)
            if not console.verbosity < 0:
                for warning in loaded.warnings:
                    console.line("warning", warning)
            given = Given(
                console,
                loaded.settings,
                _to_keep(flags, config),
                {name: value for name, value in flags.items() if value is not None},
            )
            return function(given, **values)

        for option in reversed([*_settings_options(names), *_COMMON]):
            command = option(command)
        return command

    return decorate


SPEAKING = (
    click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object."),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How progress and logs are written to standard error.",
    ),
    click.option("-v", "--verbose", count=True, help="Log more; -vv logs most."),
    click.option("-q", "--quiet", is_flag=True, help="Print only the result, and errors."),
)
"""How a command speaks; all have these."""

_COMMON = (
    click.option("--config", type=click.Path(path_type=Path), help="The bulkcall.toml to read."),
    click.option("--profile", metavar="NAME", help="The [profiles.NAME] of bulkcall.toml to use."),
    *SPEAKING,
)


def _joined(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    values: tuple[str, ...],
) -> str | None:
    return ",".join(values) or None


_NULL_VALUE = click.option(
    "--null-value",
    "null_values",
    metavar="WORD",
    multiple=True,
    callback=_joined,
    help="A word that makes a cell empty, e.g. NULL; may be given several times.",
)


def _settings_options(names: Iterable[str]) -> list[Callable[..., Any]]:
    options = []
    for name in names:
        rule = RULES[name]
        flag = "--" + name.replace("_", "-")
        if name == "null_values":
            options.append(_NULL_VALUE)
        elif rule.kind is bool:
            options.append(
                click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=rule.help)
            )
        else:
            metavar = {int: "N", float: "N"}.get(rule.kind, "TEXT")
            options.append(click.option(flag, name, metavar=metavar, help=rule.help))
    return options


def _to_keep(flags: dict[str, Any], config: Path | None) -> dict[str, Any]:
    """The flags that a resume repeats: how rows are sent, and which bulkcall.toml was named."""
    kept = {
        name: value
        for name, value in flags.items()
        if value is not None and name in SENDING and name not in _NOT_KEPT
    }
    return kept | ({"config": str(config.absolute())} if config is not None else {})


def with_flags_of(run: RunInfo, given: Given) -> Given:
    """The settings of a command that continues a run: the run's own flags, unless given anew."""
    kept = dict(run.file_facts.get("flags") or {})
    config = kept.pop("config", None) if "config" not in given.flags else None
    flags = {name: value for name, value in kept.items() if name in RULES} | given.asked
    if run.profile and flags.get("profile") is None:
        flags["profile"] = run.profile
    named = given.flags.get("config") or config
    loaded = load_settings(flags, config=Path(named) if named else None, credentials=True)
    # It was found in this ledger, whatever that configuration says.
    return replace(given, settings=replace(loaded.settings, ledger=given.settings.ledger))


def reading_a_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add FILE and the flags that say how it is read (contract: Campaign file)."""
    return click.argument("file", metavar="FILE")(reading_flags(function))


def reading_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say how a campaign file is read, and --out.

    The command gets what was asked as `asked`, keywords for the functions of bulkcall.app.
    """
    return _MAP(_asking(ReadOptions)(_OUT(function)))


CHECK_LABELS = click.option(
    "--check-labels",
    is_flag=True,
    help="Ask the API for the account's labels, and say which rows name none of them.",
)


def run_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of a run; they join those of the file in `asked`."""
    return _asking(RunOptions)(function)


def run_flags_of_many_files(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of a run, and of how files are read, that make sense for many files."""
    return _MAP(_asking(ReadOptions)(_asking(RunOptions, many_files=True)(function)))


def _asking(
    options: type[ReadOptions | RunOptions], *, many_files: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    asked = asked_of(options)
    names = [name for name in asked if not (many_files and asked[name][0].one_file)]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(*args: Any, **values: Any) -> Any:
            given = {name: values.pop(name) for name in names}
            given = {name: value for name, value in given.items() if value is not None}
            return function(*args, asked=given | values.pop("asked", {}), **values)

        for name in reversed(names):
            command = _asked_option(name, *asked[name])(command)
        return command

    return decorate


def _asked_option(name: str, asked: Asked, default: Any) -> Callable[..., Any]:
    flag = "--" + name.replace("_", "-")
    if isinstance(default, bool):
        return click.option(flag, name, is_flag=True, default=None, help=asked.help)
    if isinstance(default, Enum):
        words = click.Choice([each.value for each in type(default)])
        return click.option(
            flag, name, type=words, default=default.value, show_default=True, help=asked.help
        )
    kind = None if asked.minimum is None else click.IntRange(min=asked.minimum)
    return click.option(flag, name, type=kind, metavar=asked.metavar, help=asked.help)


def _columns(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    values: tuple[str, ...],
) -> dict[str, str]:
    columns: dict[str, str] = {}
    for value in values:
        name, equals, column = value.partition("=")
        if not equals or not column.strip() or not name.strip():
            raise UsageError(f"--map: {value!r} is not field=Column, like receiver_number=Mobile")
        if name.strip() in columns:
            raise UsageError(f"--map: {name.strip()} is mapped twice")
        columns[name.strip()] = column
    return columns


_MAP = click.option(
    "--map",
    "columns",
    metavar="FIELD=COLUMN",
    multiple=True,
    callback=_columns,
    help="Which column of the file holds a field; may be given several times.",
)
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write the report."
)
