"""What a user can ask of a run: how its file is read, and what is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bulkcall.errors import UsageError
from bulkcall.records import Channel, OnUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """A campaign file and how it is to be read; a run keeps it, so that a resume reads it alike."""

    file: str
    sheet: str | None = None
    start: str | None = None
    window: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    region: str = "IN"
    timezone: str = ""
    date_format: str = ""
    encoding: str = ""
    skip_hidden: bool = False
    countries: Sequence[str] = ()
    null_values: Sequence[str] = ()
    now_ms: int = 0
    """When it is read: what `--start now` means, and what `ends_at` must not be before."""

    @classmethod
    def of(
        cls,
        file: str,
        settings: Settings,
        *,
        now_ms: int,
        sheet: str | None = None,
        start: str | None = None,
        window: str | None = None,
    ) -> ReadOptions:
        """Put a source together from what the user gave and the settings."""
        return cls(
            file=file,
            sheet=sheet,
            start=start,
            window=window,
            columns=dict(settings.columns),
            region=settings.region,
            timezone=settings.timezone,
            date_format=settings.date_format,
            encoding=settings.encoding,
            skip_hidden=settings.skip_hidden,
            countries=_words(settings.countries),
            null_values=_words(settings.null_values),
            now_ms=now_ms,
        )

    @property
    def own_times(self) -> bool:
        """Whether each row brings its own times (contract: Equal rows)."""
        return self.start is None and self.window is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a user may ask of one run (contract: Commands)."""

    channel: Channel = Channel.BATCH
    out: Path | None = None
    """Where the report goes; `bulkcall-runs/<run id>/` by default."""
    dry_run: bool = False
    canary: int = 0
    resend: bool = False
    allow_duplicates: bool = False
    max_invalid: str | None = None
    on_unknown: OnUnknown = OnUnknown.RESEND
    run_id: str = ""
    """What the run is to be called; empty: a new name (`new_run_id`)."""
    sha256: str = ""
    """The content that the file must have, where the caller looked at it before; empty: any."""

    def with_defaults(self, settings: Settings) -> RunOptions:
        """These options, with the account's `max_invalid` where the run names none."""
        if self.max_invalid is not None or not settings.max_invalid:
            return self
        return replace(self, max_invalid=settings.max_invalid)


@dataclass(frozen=True, slots=True)
class InvalidLimit:
    """How many invalid rows are borne before nothing is sent (`--max-invalid N|P%`)."""

    rows: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str | None) -> InvalidLimit:
        """Read `200` or `5%`; nothing means that any number is borne. Raises UsageError."""
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
        """Tell whether so many invalid rows are more than is borne."""
        if self.rows is not None:
            return invalid > self.rows
        return self.share is not None and invalid > self.share * rows


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
