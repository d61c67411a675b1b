"""Load and validate as one stream: what `run`, `validate` and `plan` have in common.

Reading, checking and writing overlap: the campaign file is read one chunk ahead in a thread of its
own and checked one chunk ahead in another; no more than three chunks are ever in memory.
"""

from __future__ import annotations

import gc
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from bulkcall.errors import InterruptedRun, UsageError
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bulkcall.load import Campaign
    from bulkcall.progress import Progress, StopToken
    from bulkcall.records import CampaignFile, CheckedChunk
    from bulkcall.settings import Settings
    from bulkcall.validate import Diagnostics, DuplicateFinder, Validator


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
            now_ms=now_ms,
        )

    @property
    def own_times(self) -> bool:
        """Whether each row brings its own times (contract: Equal rows)."""
        return self.start is None and self.window is None


class CheckedFile:
    """A campaign file being read and checked; its figures are whole once `checked` has run out."""

    def __init__(
        self,
        campaign: Campaign,
        *,
        validator: Validator,
        doctor: Diagnostics,
        repeats: DuplicateFinder,
        progress: Progress,
        stop: StopToken,
    ) -> None:
        self.file: CampaignFile = campaign.file
        self.rows = 0
        self.invalid = 0
        self.doctor = doctor
        self.repeats = repeats
        self._campaign = campaign
        self._validator = validator
        self._progress = progress
        self._stop = stop

    def checked(self) -> Iterator[CheckedChunk]:
        """Give the file's chunks, checked, in file order; once only.

        Raises:
            CampaignFileError: the file turns out to be unreadable midway.
            InterruptedRun: a stop was requested.
        """
        self._progress.begin("load", None)
        read = ahead(self._campaign.chunks())
        for chunk in ahead(self._validator.check(chunk) for chunk in read):
            if self._stop.requested:
                raise InterruptedRun(
                    f"stopped while loading ({self._stop.reason}); nothing was sent",
                    cause=self._stop.cause,
                )
            self.rows += len(chunk)
            self.invalid += len(chunk) - int(chunk.records["valid"].to_numpy().sum())
            self.doctor.add(chunk)
            self.repeats.add(chunk)
            yield chunk
            self._progress.advance("load", len(chunk))
        self._progress.end("load")


@contextmanager
def reading(source: ReadOptions, progress: Progress, stop: StopToken) -> Iterator[CheckedFile]:
    """Open a campaign file for checking.

    Raises:
        UsageError: a flag is wrong, or the file can't be read (CampaignFileError).
    """
    supplied = {Field.STARTS_AT: source.start, Field.ENDS_AT: source.window}
    options = LoadOptions(
        sheet=source.sheet,
        columns=dict(source.columns),
        supplied=frozenset(name for name, value in supplied.items() if value is not None),
    )
    # Importing pandas takes a while, and so does the first look at all of a large file.
    with ThreadPoolExecutor(1, thread_name_prefix="bulkcall-open") as beside:
        opening = beside.submit(open_campaign, source.file, options)
        with _collecting_nothing():
            from bulkcall.validate import (  # noqa: PLC0415
                Diagnostics,
                DuplicateFinder,
                ValidateOptions,
                Validator,
            )
    with opening.result() as campaign:
        validator = Validator(
            campaign.file,
            ValidateOptions(
                region=source.region,
                timezone=source.timezone,
                date_format=source.date_format,
                start=source.start,
                window=source.window,
                now_ms=source.now_ms,
            ),
        )
        yield CheckedFile(
            campaign,
            validator=validator,
            doctor=Diagnostics(campaign.file),
            repeats=DuplicateFinder(),
            progress=progress,
            stop=stop,
        )


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Import without looking for garbage: modules make none, and the search is a tenth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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


_END = object()
_T = TypeVar("_T")


def ahead(items: Iterable[_T]) -> Iterator[_T]:
    """Give an iterable's items while a thread already works on the next one.

    What the iterable raises is raised here, in its place.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulkcall-intake") as pool:
        coming = pool.submit(next, iterator, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, iterator, _END)
            yield cast("_T", item)
