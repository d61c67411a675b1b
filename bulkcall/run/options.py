"""What a user can ask of a run: how its file is read, and what is sent.

Each option stands here once: its name, type and default as a field, its words as the field's
`asked`. The command line makes its flags of them (cli/options.py), the Python functions their
keywords (app.py), the inbox what it passes on, and the ledger keeps `ReadOptions` as a whole. The
two TypedDicts at the end repeat names and types for type checkers alone; a test compares them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypedDict

from bulkcall.errors import UsageError
from bulkcall.records import Channel, OnUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bulkcall.settings import Settings

_ASKED: Final = "asked"
_SETTING: Final = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What people read of an option, and how its flag looks."""

    help: str
    metavar: str = ""
    minimum: int | None = None
    """Of a whole number."""
    one_file: bool = False
    """Makes sense for one file only: an inbox does not offer it."""


def _asked(default: Any, text: str, **how: Any) -> Any:
    """A field that a user asks for on the command line or as a keyword."""
    return field(default=default, metadata={_ASKED: Asked(help=text, **how)})


def _setting(default: Any) -> Any:
    """A field that comes from the account's setting of the same name."""
    return field(default=default, metadata={_SETTING: True})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """A campaign file and how it is to be read; a run keeps it, so that a resume reads it alike."""

    file: str
    sheet: str | None = _asked(
        None, "The sheet to read; the first visible one by default.", metavar="NAME"
    )
    start: str | None = _asked(None, "starts_at of every row: a time, or `now`.", metavar="TIME")
    window: str | None = _asked(
        None, "How long after starts_at each row ends: 90m, 8h.", metavar="SPAN"
    )
    columns: Mapping[str, str] = field(default_factory=dict, metadata={_SETTING: True})
    region: str = _setting("IN")
    timezone: str = _setting("")
    date_format: str = _setting("")
    encoding: str = _setting("")
    skip_hidden: bool = _setting(False)
    countries: Sequence[str] = _setting(())
    null_values: Sequence[str] = _setting(())
    account: str = ""
    """Whose saved mappings are used."""
    now_ms: int = 0
    """When it is read: what `--start now` means, and what `ends_at` must not be before."""

    @classmethod
    def of(
        cls, file: str, settings: Settings, *, now_ms: int, asked: ReadKeywords | None = None
    ) -> ReadOptions:
        """The options of one file: the account's settings, and over them what the user asked."""
        values: dict[str, Any] = {
            "columns": dict(settings.columns),
            "account": settings.client_account_id,
        }
        for each in fields(cls):
            if _SETTING in each.metadata and each.name not in values:
                value = getattr(settings, each.name)
                values[each.name] = _words(value) if each.default == () else value
        values |= {name: value for name, value in (asked or {}).items() if value is not None}
        if "map" in values:
            values["columns"] = dict(values.pop("map"))
        for name in ("start", "window"):
            values[name] = as_text(values.get(name))
        return cls(file=file, now_ms=now_ms, **values)

    @property
    def own_times(self) -> bool:
        """Whether each row brings its own times (contract: Equal rows)."""
        return self.start is None and self.window is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a user may ask of one run (contract: Commands)."""

    channel: Channel = _asked(
        Channel.BATCH,
        "batch: many records a request, confirmed later; realtime: one, answered at once.",
    )
    out: Path | None = None
    """Where the report goes; `bulkcall-runs/<run id>/` by default."""
    dry_run: bool = _asked(False, "Do everything but send.", one_file=True)
    canary: int = _asked(
        0, "Send N rows and confirm them; only then the rest.", metavar="N", minimum=1
    )
    resend: bool = _asked(False, "Send also what earlier runs have sent.")
    allow_duplicates: bool = _asked(False, "Send equal rows of the file too, each of them.")
    max_invalid: str | None = _asked(None, "Send nothing if more rows are invalid.", metavar="N|P%")
    on_unknown: OnUnknown = _asked(
        OnUnknown.RESEND, "What to do with a row whose try may have been taken."
    )
    run_id: str = ""
    """What the run is to be called; empty: a new name (`new_run_id`)."""
    sha256: str = ""
    """The content that the file must have, where the caller looked at it before; empty: any."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """Settings that were given for this run alone (by flags): a resume keeps to them."""
    demo: bool = False
    """Its server is gone when it ends: the report offers no commands."""

    def with_defaults(self, settings: Settings) -> RunOptions:
        """These options, with the account's `max_invalid` where the run names none."""
        if self.max_invalid is not None or not settings.max_invalid:
            return self
        return replace(self, max_invalid=settings.max_invalid)


def rows_per_second(settings: Settings, channel: Channel) -> float:
    """Return how many rows a second the account's limits allow with all its tokens."""
    tokens = 1 if settings.token else settings.tokens
    if channel is Channel.REALTIME:
        return tokens * settings.realtime_per_second
    return tokens * settings.batch_per_minute * settings.batch_size / 60


@dataclass(frozen=True, slots=True)
class InvalidLimit:
    """How many invalid rows are allowed before nothing is sent (`--max-invalid N|P%`)."""

    rows: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str | None) -> InvalidLimit:
        """Read `200` or `5%`; None allows any number. Raises UsageError."""
        if text is None:
            return cls()
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
        if match and match[2] and float(match[1]) <= 100:  # noqa: PLR2004 - per cent
            return cls(share=float(match[1]) / 100)
        if match and not match[2] and "." not in match[1]:
            return cls(rows=int(match[1]))
        raise UsageError(
            f"--max-invalid: {text!r} is neither a number of rows (200) nor a share (5%)"
        )

    def exceeded(self, invalid: int, rows: int) -> bool:
        """Return whether so many invalid rows are too many."""
        if self.rows is not None:
            return invalid > self.rows
        return self.share is not None and invalid > self.share * rows


def as_text(value: str | datetime | timedelta | None) -> str | None:
    """A time or a duration as its flag spells it; pandas' own kinds are kinds of these."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{round(value.total_seconds())}s"
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


_READ_SETTINGS: Final[Mapping[str, str]] = {
    "map" if each.name == "columns" else each.name: each.name
    for each in fields(ReadOptions)
    if _SETTING in each.metadata
}
"""Keyword → the setting that it replaces for one call."""


class ReadKeywords(TypedDict, total=False):
    """How a campaign file is read, as keywords; what is absent has its default."""

    sheet: str | None
    start: str | datetime | None
    window: str | timedelta | None
    map: Mapping[str, str]
    region: str
    timezone: str
    date_format: str
    encoding: str
    skip_hidden: bool
    countries: Sequence[str]
    null_values: Sequence[str]


class RunKeywords(ReadKeywords, total=False):
    """What a run does and how its file is read, as keywords; what is absent has its default."""

    channel: Channel | str
    dry_run: bool
    canary: int
    resend: bool
    allow_duplicates: bool
    max_invalid: str | None
    on_unknown: OnUnknown | str


def asked_of(options: type[ReadOptions | RunOptions]) -> dict[str, tuple[Asked, Any]]:
    """Option → what people read of it, and its default; in the order of the fields."""
    return {
        each.name: (each.metadata[_ASKED], each.default)
        for each in fields(options)
        if _ASKED in each.metadata
    }


@dataclass(frozen=True, slots=True)
class Keyword:
    """An option as a keyword of a Python function."""

    name: str
    type: str
    default: Any
    help: str


def keywords_of(*options: type[ReadOptions | RunOptions]) -> list[Keyword]:
    """The keywords of these options: what can be asked, then the settings that one call changes."""
    types = {name: hint.__forward_arg__ for name, hint in RunKeywords.__annotations__.items()}
    found = [
        Keyword(name, types[name], default, asked.help)
        for kind in options
        for name, (asked, default) in asked_of(kind).items()
    ]
    if ReadOptions in options:
        found += [
            Keyword(name, types[name], None, f"instead of the setting `{setting}`.")
            for name, setting in _READ_SETTINGS.items()
        ]
    return found


def split_keywords(keywords: RunKeywords) -> tuple[RunOptions, ReadKeywords]:
    """What a run does, and how its file is read. Raises UsageError for an unknown word."""
    reading = {*asked_of(ReadOptions), *_READ_SETTINGS}
    read = {name: value for name, value in keywords.items() if name in reading}
    run: dict[str, Any] = {name: value for name, value in keywords.items() if name not in reading}
    try:
        run["channel"] = Channel(run.get("channel", Channel.BATCH))
        run["on_unknown"] = OnUnknown(run.get("on_unknown", OnUnknown.RESEND))
    except ValueError as wrong:
        raise UsageError(f"{wrong}") from None
    return RunOptions(**run), ReadKeywords(**read)  # type: ignore[typeddict-item]
