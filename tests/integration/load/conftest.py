"""Files that someone could really have, and what loading makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import CampaignFile, Field, RowFault

TIMES = frozenset({Field.STARTS_AT, Field.ENDS_AT})


@dataclass
class Loaded:
    """All that loading tells of a file."""

    file: CampaignFile
    rows: list[tuple[str, ...]]
    lines: list[int]
    faults: dict[int, RowFault]


@pytest.fixture
def load(tmp_path):
    """Write bytes (or take a path) and load them; the times come from flags unless told."""

    def load_(data, *, name="file.csv", supplied=TIMES, **options) -> Loaded:
        path = data
        if isinstance(data, bytes | str):
            path = tmp_path / name
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        rows: list[tuple[str, ...]] = []
        lines: list[int] = []
        faults: dict[int, RowFault] = {}
        with open_campaign(str(path), LoadOptions(supplied=supplied, **options)) as campaign:
            for chunk in campaign.chunks():
                assert chunk.first_row == len(rows) + 1
                assert chunk.cells.column_names == [
                    str(i) for i in range(len(campaign.file.columns))
                ]
                rows += zip(*(column.to_pylist() for column in chunk.cells.columns), strict=True)
                lines += chunk.lines.to_pylist()
                faults |= chunk.faults
            return Loaded(campaign.file, rows, lines, faults)

    return load_
