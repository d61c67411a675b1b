"""A campaign file as a stream of checked chunks: what `run`, `validate` and `plan` have in common.

Reading, checking and writing overlap: the campaign file is read one chunk ahead in a thread of its
own and checked one chunk ahead in another; no more than three chunks are ever in memory.
"""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

from bulkcall.errors import InterruptedRun
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.load.mapping_memory import memory_of
from bulkcall.records import Field
from bulkcall.run.label_use import LabelUse
from bulkcall.run.understanding import first_valid, understanding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkcall.load import Campaign
    from bulkcall.progress import Progress, StopToken
    from bulkcall.records import CampaignFile, CheckedChunk
    from bulkcall.run.options import ReadOptions
    from bulkcall.run.understanding import Sample, Understanding
    from bulkcall.validate import Diagnostics, DuplicateFinder, Validator


class CheckedFile:
    """A campaign file being read and checked; its figures are whole once `chunks` has run out."""

    def __init__(
        self,
        campaign: Campaign,
        *,
        read: ReadOptions,
        validator: Validator,
        diagnostics: Diagnostics,
        duplicates: DuplicateFinder,
        progress: Progress,
        stop: StopToken,
    ) -> None:
        self.file: CampaignFile = campaign.file
        self.rows = 0
        self.invalid = 0
        self.diagnostics = diagnostics
        self.duplicates = duplicates
        self.label_use: LabelUse | None = None
        """Which label ids its rows name, where that is counted."""
        self._read = read
        self._sample: Sample | None = None
        self._campaign = campaign
        self._validator = validator
        self._progress = progress
        self._stop = stop

    def count_labels(self) -> None:
        """Count which label ids the rows name, once `chunks` goes through them."""
        if Field.LABEL_ID in self.file.fields:
            self.label_use = LabelUse()

    @property
    def understanding(self) -> Understanding:
        """What was made of the file; its sample row is there once a chunk was checked."""
        return understanding(self.file, self._read, self._sample)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file; complete once all chunks were checked."""
        return self._campaign.notes

    def chunks(self) -> Iterator[CheckedChunk]:
        """The file's chunks, checked, in file order; once only.

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
            self.diagnostics.add(chunk)
            self.duplicates.add(chunk)
            if self.label_use is not None:
                self.label_use.add(chunk)
            if self._sample is None:
                self._sample = first_valid(self.file, chunk)
            yield chunk
            self._progress.advance("load", len(chunk))
        self._progress.end("load")


@contextmanager
def open_checked(read: ReadOptions, progress: Progress, stop: StopToken) -> Iterator[CheckedFile]:
    """Open a campaign file for checking.

    Raises:
        UsageError: a flag is wrong, or the file can't be read (CampaignFileError).
    """
    supplied = {Field.STARTS_AT: read.start, Field.ENDS_AT: read.window}
    options = LoadOptions(
        sheet=read.sheet,
        encoding=read.encoding,
        skip_hidden=read.skip_hidden,
        columns=dict(read.columns),
        saved=memory_of(read.account),
        supplied=frozenset(name for name, value in supplied.items() if value is not None),
    )
    # Importing pandas takes a while, and so does the first look at all of a large file.
    with ThreadPoolExecutor(1, thread_name_prefix="bulkcall-open") as beside:
        opening = beside.submit(open_campaign, read.file, options)
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
                region=read.region,
                timezone=read.timezone,
                date_format=read.date_format,
                countries=tuple(read.countries),
                null_values=tuple(read.null_values),
                start=read.start,
                window=read.window,
                now_ms=read.now_ms,
            ),
        )
        yield CheckedFile(
            campaign,
            read=read,
            validator=validator,
            diagnostics=Diagnostics(campaign.file),
            duplicates=DuplicateFinder(),
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


_END = object()
_T = TypeVar("_T")


def ahead(items: Iterable[_T]) -> Iterator[_T]:
    """Yield an iterable's items while a thread already works on the next one.

    What the iterable raises is raised here, in its place.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulkcall-load") as pool:
        coming = pool.submit(next, iterator, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, iterator, _END)
            yield cast("_T", item)
