"""How `--help` looks: options in groups, examples, whole summaries, colour on a terminal.

click's own formatter, extended: a library for this costs more time to import than all the rest of
`bulkcall --help`.
"""

from __future__ import annotations

import difflib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OWN = "Options"
"""The group of what is the command's own."""
_READING = "Reading the file"
_SENDING = "Sending"
_ACCOUNT = "Account and limits"
_OUTPUT = "Output and settings"

_GROUPS: Mapping[str, tuple[str, ...]] = {
    _READING: (
        "columns", "sheet", "start", "window", "region", "countries", "timezone", "date_format",
        "null_values", "encoding", "skip_hidden", "header_row", "recall_mapping", "remember",
    ),
    _SENDING: (
        "channel", "dry_run", "canary", "resend", "allow_duplicates", "max_invalid", "on_unknown",
        "stamp", "max_tries", "reconcile_timeout", "request_timeout", "away_timeout",
        "first_contact_timeout", "turned_down_share", "turned_down_count", "unreadable_share",
        "unreadable_count", "not_before", "not_after", "quiet_timezone", "outside_hours",
        "label_check",
    ),
    _ACCOUNT: (
        "base_url", "api_version", "client_account_id", "profile", "tokens", "realtime_per_second",
        "batch_per_minute", "status_per_minute", "batch_size",
    ),
    _OUTPUT: (
        "out", "as_json", "log_format", "verbose", "quiet", "config", "ledger", "help", "version",
    ),
}  # fmt: skip
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Run a campaign": ("template", "validate", "plan", "run", "map"),
    "Follow a run": ("runs", "status", "stop", "resume", "retry", "reconcile", "report", "trace"),
    "Set up": ("check", "config", "labels", "explain"),
    "Run unattended": ("inbox", "serve", "purge", "probe"),
    "Try it out": ("demo", "sandbox"),
}
"""Headings of `bulkcall --help` → commands; any other command stands under 'More'."""

_SUMMARY = 500


class Formatter(click.HelpFormatter):
    """Headings in bold, flags in colour, where help goes to a terminal that wants it."""

    @property
    def _styled(self) -> bool:
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix or self._heading("Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{self._heading(heading + ':')}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and their meanings."""
        if self._styled:
            rows = [(click.style(term, fg="cyan"), text) for term, text in rows]
        super().write_dl(rows, col_max, col_spacing)

    def _heading(self, text: str) -> str:
        return click.style(text, bold=True) if self._styled else text


class Context(click.Context):
    """A context whose help is written by `Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose options stand in groups, with examples below them."""

    context_class = Context

    def __init__(self, *args: Any, examples: Sequence[str] = (), **more: Any) -> None:
        """`examples`: command lines, without `bulkcall`."""
        super().__init__(*args, **more)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {OWN: [], **{name: [] for name in _GROUPS}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                group = (
                    _OUTPUT if "--help" in parameter.opts else _GROUP_OF.get(parameter.name, OWN)
                )
                groups[group].append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}bulkcall {example}\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a mistyped option is answered with the one that was meant."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            known = [flag for each in self.get_params(ctx) for flag in each.opts]
            raise unknown("option", error.option_name, known, ctx) from None


class Group(click.Group):
    """A group of commands whose summaries are whole, and that knows what was meant."""

    context_class = Context
    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a mistyped one is answered with the one that was meant."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise unknown("command", args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments before the command."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            known = [flag for each in self.get_params(ctx) for flag in each.opts]
            raise unknown("option", error.option_name, known, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections, each with its whole first sentence."""
        for heading, names in self._sections(ctx):
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                if command is not None and not command.hidden:
                    rows.append((name, command.get_short_help_str(_SUMMARY)))
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def _sections(self, ctx: click.Context) -> Iterable[tuple[str, Sequence[str]]]:
        names = self.list_commands(ctx)
        if ctx.parent is not None:
            return [("Commands", names)]
        placed = {name for section in SECTIONS.values() for name in section}
        sections = [
            (heading, [name for name in section if name in names])
            for heading, section in SECTIONS.items()
        ]
        return [*sections, ("More", [name for name in names if name not in placed])]


def unknown(kind: str, word: str, known: Sequence[str], ctx: click.Context) -> click.UsageError:
    """The error for a command or option that there is not, naming what was probably meant."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return click.UsageError(f"no such {kind}: {word}{hint}", ctx)
