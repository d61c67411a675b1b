"""What is asked of every run that an inbox starts, checked before the first file is touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.records import CampaignFile, Field
from bulkcall.run.checked_file import open_checked
from bulkcall.run.credentials import require_credentials
from bulkcall.run.options import InvalidLimit, ReadOptions, RunKeywords, as_text, split_keywords
from bulkcall.validate import ValidateOptions, Validator

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bulkcall.progress import Progress, StopToken
    from bulkcall.run.checked_file import CheckedFile
    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True)
class RunFlags:
    """What was asked of every run: the options of `bulkcall run` that make sense for many files."""

    keywords: RunKeywords = field(default_factory=RunKeywords)

    @property
    def resend(self) -> bool:
        """Whether what earlier runs sent is sent again."""
        return self.keywords.get("resend", False)

    @property
    def own_times(self) -> bool:
        """Whether each row brings its own end."""
        return self.keywords.get("window") is None

    def check(self, settings: Settings, *, now_ms: int) -> None:
        """Raise UsageError for what is wrong with flags or settings whatever the file.

        Without this a slip in a unit file would send a whole night's files to `failed/`.
        """
        require_credentials(settings)
        options, read = split_keywords(self.keywords)
        InvalidLimit.parse(options.with_defaults(settings).max_invalid)
        settings.hours()
        start, window = as_text(read.get("start")), as_text(read.get("window"))
        given = {Field.STARTS_AT: start, Field.ENDS_AT: window}
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
                start=start,
                window=window,
                now_ms=now_ms,
            ),
        )

    def reading(
        self, path: Path, settings: Settings, *, now_ms: int, progress: Progress, stop: StopToken
    ) -> AbstractContextManager[CheckedFile]:
        """Open a file to check it as its run would. Raises UsageError where it can't be read."""
        _, asked = split_keywords(self.keywords)
        read = ReadOptions.of(str(path), settings, now_ms=now_ms, asked=asked)
        return open_checked(read, progress, stop)
