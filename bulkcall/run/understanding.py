"""What bulkcall made of a campaign file, said first: a wrong region shows at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bulkcall.records import Field
from bulkcall.report.formatting import window
from bulkcall.support.masking import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.records import CampaignFile, CheckedChunk
    from bulkcall.run.options import ReadOptions


@dataclass(frozen=True, slots=True)
class Sample:
    """The first valid row: a number as it stands in the file and as it is sent, and its window."""

    row: int
    written: str
    number: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """How a file was read; `sample` is None where no row is valid."""

    file: CampaignFile
    columns: Mapping[str, str]
    """Field → the file's own column name."""
    region: str
    timezone: str
    start: str | None
    window: str | None
    sample: Sample | None

    def lines(self) -> list[str]:
        """It as a person reads it, for `validate` and `plan`."""
        found = [
            f"Read      {self._how()}",
            f"Columns   {self._mapping()}",
            f"Settings  {self._settings()}",
        ]
        if self.sample is not None:
            one = self.sample
            found.append(
                f"Row {one.row:<5} receiver {one.written!r} is sent as {one.number}, {self._when()}"
            )
        return found

    def line(self) -> str:
        """It in one line for a log: the number is masked."""
        line = f"read {self._how()}; {self._mapping()}; {self._settings()}"
        if self.sample is None:
            return line
        number = masked(str(self.sample.number))
        return f"{line}; row {self.sample.row} is sent to {number}, {self._when()}"

    def as_data(self) -> dict[str, Any]:
        """It JSON-able; times are epoch milliseconds."""
        one = self.sample
        return {
            "columns": dict(self.columns),
            "region": self.region,
            "timezone": self.timezone or None,
            "start": self.start,
            "window": self.window,
            "sample": None
            if one is None
            else {
                "row": one.row,
                "receiver": one.written,
                "receiver_number": str(one.number),
                "starts_at": one.starts_at,
                "ends_at": one.ends_at,
            },
        }

    def _how(self) -> str:
        facts = [self.file.kind, self.file.encoding]
        if self.file.delimiter:
            facts.append(f"delimiter {self.file.delimiter!r}")
        if self.file.sheet:
            facts.append(f"sheet {self.file.sheet!r}")
        return f"{self.file.path} ({', '.join(filter(None, facts))})"

    def _mapping(self) -> str:
        return ", ".join(
            field if field == column else f"{field} = {column!r}"
            for field, column in self.columns.items()
        )

    def _settings(self) -> str:
        times = [f"start {self.start}" if self.start else "", self._length()]
        shown = [f"region {self.region}", f"time zone {self.timezone or 'none'}", *times]
        return ", ".join(filter(None, shown))

    def _length(self) -> str:
        return f"window {self.window}" if self.window else ""

    def _when(self) -> str:
        zone: tzinfo = ZoneInfo(self.timezone) if self.timezone else UTC
        return (
            "" if self.sample is None else window(self.sample.starts_at, self.sample.ends_at, zone)
        )


def understanding(file: CampaignFile, read: ReadOptions, sample: Sample | None) -> Understanding:
    """Put together what was made of a file."""
    return Understanding(
        file=file,
        columns={str(field): file.columns[place] for field, place in file.fields.items()},
        region=read.region,
        timezone=read.timezone,
        start=read.start,
        window=read.window,
        sample=sample,
    )


def first_valid(file: CampaignFile, checked: CheckedChunk) -> Sample | None:
    """The first valid row of a chunk, if there is one."""
    valid = checked.records.column("valid").to_pylist()
    if True not in valid:
        return None
    place = valid.index(True)
    row = checked.records.slice(place, 1).to_pylist()[0]
    receiver = file.fields[Field.RECEIVER_NUMBER]
    return Sample(
        row=row["row"],
        written=checked.chunk.cells.column(receiver)[place].as_py(),
        number=row["receiver_number"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )
