"""What is asked of every run that an inbox starts, checked before the first file is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bulkcall.records import CampaignFile, Channel, Field, OnUnknown
from bulkcall.run.checked_file import open_checked
from bulkcall.run.credentials import require_credentials
from bulkcall.run.options import InvalidLimit, ReadOptions
from bulkcall.validate import ValidateOptions, Validator

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bulkcall.progress import Progress, StopToken
    from bulkcall.run.checked_file import CheckedFile
    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """The flags of `bulkcall run` that make sense for many files, with the same meaning."""

    channel: Channel = Channel.BATCH
    sheet: str | None = None
    start: str | None = None
    window: str | None = None
    canary: int = 0
    resend: bool = False
    allow_duplicates: bool = False
    max_invalid: str | None = None
    on_unknown: OnUnknown = OnUnknown.RESEND

    def check(self, settings: Settings, *, now_ms: int) -> None:
        """Raise UsageError for what is wrong with flags or settings whatever the file.

        Without this a slip in a unit file would send a whole night's files to `failed/`.
        """
        require_credentials(settings)
        InvalidLimit.parse(self.max_invalid or settings.max_invalid or None)
        settings.hours()
        given = {Field.STARTS_AT: self.start, Field.ENDS_AT: self.window}
        fields = [field for field in Field if given.get(field) is None]
        Validator(
            CampaignFile(
                path="",
                sha256="",
                size=0,
                kind="csv",
                columns=tuple(map(str, fields)),
                fields={field: index for index, field in enumerate(fields)},
                header_line=1,
            ),
            ValidateOptions(
                region=settings.region,
                countries=tuple(filter(None, settings.countries.split(","))),
                timezone=settings.timezone,
                date_format=settings.date_format,
                start=self.start,
                window=self.window,
                now_ms=now_ms,
            ),
        )

    def reading(
        self, path: Path, settings: Settings, *, now_ms: int, progress: Progress, stop: StopToken
    ) -> AbstractContextManager[CheckedFile]:
        """Open a file to check it as its run would. Raises UsageError where it can't be read."""
        source = ReadOptions.of(str(path), settings, now_ms=now_ms)
        source = replace(source, sheet=self.sheet, start=self.start, window=self.window)
        return open_checked(source, progress, stop)
