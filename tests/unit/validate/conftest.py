"""A campaign file in memory, and a way to check its rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from bulkcall.records import CampaignFile, Chunk, Field, RowFault
from bulkcall.validate import ValidateOptions, Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkcall.records import CheckedChunk

NOW = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000

GOOD = {
    Field.CALLER_NUMBER: "+919876543210",
    Field.RECEIVER_NUMBER: "+91 98765 43211",
    Field.LABEL_ID: "123e4567-e89b-12d3-a456-426614174000",
    Field.DYNAMIC_LABEL_NAME: "Acme Courier",
    Field.DYNAMIC_CALL_REASON: "Your parcel arrives today",
    Field.STARTS_AT: "2026-04-03T10:00:00+05:30",
    Field.ENDS_AT: "2026-04-03T18:00:00+05:30",
}


def campaign_file(fields: tuple[Field, ...] = tuple(Field)) -> CampaignFile:
    """A campaign file with a column for each of these fields."""
    return CampaignFile(
        path="campaign.csv",
        sha256="0" * 64,
        size=1,
        kind="csv",
        columns=tuple(field.value for field in fields),
        fields={field: at for at, field in enumerate(fields)},
        header_line=1,
    )


def chunk_of(
    rows: list[Mapping[Field, str]],
    fields: tuple[Field, ...] = tuple(Field),
    first_row: int = 1,
    faults: Mapping[int, RowFault] | None = None,
) -> Chunk:
    """A chunk that holds these rows; a field that a row leaves out is an empty cell."""
    cells = pa.table(
        {
            str(at): pa.array([row.get(field, "") for row in rows], pa.string())
            for at, field in enumerate(fields)
        }
    )
    lines = pa.array(range(first_row + 1, first_row + 1 + len(rows)), pa.int64())
    return Chunk(first_row, cells, lines, faults or {})


@pytest.fixture
def check() -> Callable[..., CheckedChunk]:
    """Check rows given as changes to a good row."""

    def run(*changes: Mapping[Field, str], **options: str) -> CheckedChunk:
        fields = tuple(
            field
            for field in Field
            if not ("start" in options and field is Field.STARTS_AT)
            and not ("window" in options and field is Field.ENDS_AT)
        )
        validator = Validator(campaign_file(fields), ValidateOptions(now_ms=NOW_MS, **options))
        return validator.check(chunk_of([{**GOOD, **change} for change in changes], fields))

    return run


@pytest.fixture
def findings_of(check) -> Callable[..., list[tuple[str, str]]]:
    """(field, rule) of every finding of one changed row, in order."""

    def run(change: Mapping[Field, str], **options: str) -> list[tuple[str, str]]:
        table = check(change, **options).findings
        return list(zip(table["field"].to_pylist(), table["code"].to_pylist(), strict=True))

    return run


@pytest.fixture
def message_of(check) -> Callable[..., str]:
    """The message that a changed row ends with."""

    def run(change: Mapping[Field, str], **options: str) -> str:
        message: str = check(change, **options).records["message"][0].as_py()
        return message

    return run
