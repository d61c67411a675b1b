"""What pandas users expect: a DataFrame as a campaign, and results as DataFrames."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bulkcall.errors import UsageError
from bulkcall.support.formula_escape import unescape_formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CATEGORIES: Final = ("outcome", "channel", "match", "code")
_NUMBERS: Final = ("row", "attempts", "http_status")
_TIMES: Final = ("sent_at", "confirmed_at")
FINDINGS: Final = ("row", "line", "field", "code", "value", "message")
"""The columns of `Validation.findings`."""


def outcomes_frame(path: Path) -> pd.DataFrame:
    """Read an outcomes.csv with types. Raises UsageError where it is not there."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; `bulkcall report` writes it again") from None
    ours = list(frame.columns).index("outcome")  # what stands before is the file's own
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if name in _NUMBERS and (place >= ours or place == 0):
            frame[name] = pd.to_numeric(column.replace("", None)).astype("Int64")
        elif place > ours and name in _TIMES:
            frame[name] = pd.to_datetime(column.replace("", None), format="ISO8601", utc=True)
        elif place >= ours and name in _CATEGORIES:
            frame[name] = column.astype("category")
        else:
            bare = unescape_formulas(pa.array(column, pa.string()))
            frame[name] = pd.Series(bare.to_pandas(), index=frame.index, dtype="str")
    return frame


def findings_frame(tables: Sequence[pa.Table]) -> pd.DataFrame:
    """Join the findings of all chunks: one line for each reason of each invalid cell."""
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in FINDINGS})
    joined = pa.concat_tables([table.select(list(FINDINGS)) for table in tables])
    frame: pd.DataFrame = joined.to_pandas()
    return frame


@contextmanager
def as_file(campaign: str | Path | pd.DataFrame) -> Iterator[str]:
    """Return the path of a campaign file; a DataFrame is one while the block runs.

    It is written as Parquet, so that its types are read as those of any typed file. Its index is
    not a column.
    """
    if not isinstance(campaign, pd.DataFrame):
        yield str(campaign)
        return
    try:
        table = pa.Table.from_pandas(campaign, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise UsageError(f"the DataFrame can't be read as a campaign: {error}") from None
    with tempfile.TemporaryDirectory(prefix="bulkcall-frame-") as folder:
        path = Path(folder) / "dataframe.parquet"
        # Without pandas' own notes in it, equal frames are equal files.
        pq.write_table(table.replace_schema_metadata(None), path)
        yield str(path)
