"""The rules of a record (api.md, A record; contract, Campaign file), each one a named check.

This is the one place where the rules stand. `CampaignText` judges the cells of a campaign file as
they were read; `FinishedRecord` states what goes to the API, typed. A check gives one whole boolean
column; what may depend on two cells stands on a derived column, so that it fails once a row.

What a text can mean, as a number or a point in time, is decided by the readers (numbering.py,
moments.py): their verdicts arrive here as the columns `caller_number`, `receiver_number`,
`starts_at` and `ends_at`, each a `NumberReading` or `TimeReading`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.typing import Series

from bulkcall.validate.options import DAY_MS
from bulkcall.validate.phone_parser import NumberReading
from bulkcall.validate.time_parser import TimeReading

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS: Final = ("caller_number", "receiver_number")
TIMES: Final = ("starts_at", "ends_at")
NAME_LENGTH: Final = (3, 40)
REASON_LENGTH: Final = (10, 100)
UUID_PATTERN: Final = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
FORBIDDEN_CHARACTERS: Final = "!@#$%^&*()_+/"
FORBIDDEN_AT_ENDS: Final = ".,-"
"""And the space, which trimming has taken away."""


def _number_rule(name: str, reading: NumberReading) -> Any:
    return _reading_rule(name, NUMBERS, int(reading))


def _time_rule(name: str, reading: TimeReading) -> Any:
    return _reading_rule(name, TIMES, int(reading))


def _reading_rule(name: str, columns: tuple[str, ...], reading: int) -> Any:
    def differs(_model: type, series: pd.Series[int]) -> pd.Series[bool]:
        return series != reading

    return pandera.check(*columns, name=name)(differs)


def _text_rule(series: pd.Series[str], holds: Callable[[pa.Array], pa.Array]) -> pd.Series[bool]:
    texts = pa.array(series.array, from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):  # as pandas hands over a column of Arrow strings
        texts = texts.combine_chunks()
    verdict = holds(texts.cast(pa.string())).fill_null(True)
    return pd.Series(verdict.to_numpy(zero_copy_only=False), index=series.index, dtype=bool)


def _length(texts: pa.Array, bounds: tuple[int, int]) -> pa.Array:
    length = pc.utf8_length(texts)  # code points
    return pc.and_(pc.greater_equal(length, bounds[0]), pc.less_equal(length, bounds[1]))


class CampaignText(pandera.DataFrameModel):
    """A campaign file's rows as they were read: verdicts of the readers, texts, derived columns."""

    row: Series[np.int8]
    """1 where the row as a whole can't be trusted (`Chunk.faults`)."""
    caller_number: Series[np.int8]
    """`NumberReading`."""
    receiver_number: Series[np.int8]
    label_id: Series[str] = pandera.Field(nullable=True)
    """Trimmed; null where the cell is empty."""
    dynamic_label_name: Series[str] = pandera.Field(nullable=True)
    dynamic_call_reason: Series[str] = pandera.Field(nullable=True)
    starts_at: Series[np.int8]
    """`TimeReading`."""
    ends_at: Series[np.int8]
    labels: Series[np.int8]
    """Derived: how many of label_id and dynamic_label_name the row holds."""
    duration: Series[np.float64] = pandera.Field(nullable=True)
    """Derived: `ends_at` less `starts_at`, ms; null where either could not be read."""
    remaining: Series[np.float64] = pandera.Field(nullable=True)
    """Derived: `ends_at` less the load time, ms; null where it could not be read."""

    @pandera.check("row", name="surplus_cell")
    def row_is_whole(cls, row: pd.Series[int]) -> pd.Series[bool]:  # noqa: N805 - pandera's way
        """Contract, Campaign file: a surplus cell that holds something makes its row invalid."""
        return row == 0

    number_required = _number_rule("number_required", NumberReading.EMPTY)
    number_scientific = _number_rule("scientific_notation", NumberReading.SCIENTIFIC)
    number_decimal = _number_rule("decimal_number", NumberReading.DECIMAL)
    number_characters = _number_rule("number_characters", NumberReading.CHARACTERS)
    number_valid = _number_rule("valid_number", NumberReading.NOT_VALID)
    number_certain = _number_rule("one_country", NumberReading.AMBIGUOUS)

    @pandera.check("label_id", name="uuid")
    def label_id_is_uuid(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: `label_id` is a UUID."""
        return _text_rule(texts, lambda each: pc.match_substring_regex(each, UUID_PATTERN))

    @pandera.check("labels", name="label_required")
    def has_a_label(cls, labels: pd.Series[int]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: at least one of label_id and dynamic_label_name."""
        return labels > 0

    @pandera.check("dynamic_label_name", name="name_length")
    def name_length(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 3 to 40 characters."""
        return _text_rule(texts, lambda each: _length(each, NAME_LENGTH))

    @pandera.check("dynamic_call_reason", name="reason_length")
    def reason_length(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 10 to 100 characters."""
        return _text_rule(texts, lambda each: _length(each, REASON_LENGTH))

    @pandera.check("dynamic_call_reason", name="reason_characters")
    def reason_characters(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: none of ``! @ # $ % ^ & * ( ) _ + /``."""
        return _text_rule(texts, lambda each: pc.invert(pc.match_substring_regex(each, _ANY_OF)))

    @pandera.check("dynamic_call_reason", name="reason_ends")
    def reason_ends(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: no ``.``, ``,``, ``-`` or space at either end."""
        return _text_rule(texts, lambda each: pc.equal(each, pc.utf8_trim(each, _ENDS)))

    time_required = _time_rule("time_required", TimeReading.EMPTY)
    time_zone_known = _time_rule("time_zone", TimeReading.NO_ZONE)
    time_date_order = _time_rule("date_order", TimeReading.DATE_ORDER)
    time_of_day = _time_rule("time_of_day", TimeReading.DATE_ONLY)
    time_scientific = _time_rule("scientific_notation", TimeReading.SCIENTIFIC)
    time_twice = _time_rule("time_occurs_twice", TimeReading.TWICE)
    time_never = _time_rule("time_never_occurs", TimeReading.NEVER)
    time_possible = _time_rule("possible_time", TimeReading.IMPOSSIBLE)
    time_epoch_unit = _time_rule("epoch_unit", TimeReading.FINER_EPOCH)
    time_readable = _time_rule("readable_time", TimeReading.UNREADABLE)

    @pandera.check("duration", name="ends_after_start")
    def ends_after_start(cls, duration: pd.Series[float]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: `ends_at` must be after `starts_at`."""
        return duration > 0

    @pandera.check("duration", name="at_most_24_hours")
    def at_most_24_hours(cls, duration: pd.Series[float]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: at most 24 hours after."""
        return duration <= DAY_MS

    @pandera.check("remaining", name="not_past")
    def not_past(cls, remaining: pd.Series[float]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: not past when it is loaded."""
        return remaining >= 0


_ANY_OF: Final = r"[!@#$%^&*()_+/]"
_ENDS: Final = FORBIDDEN_AT_ENDS + " "


class FinishedRecord(pandera.DataFrameModel):
    """A valid row as it goes to the API, typed: what every later stage may rely on."""

    caller_number: Series[np.int64] = pandera.Field(ge=10**6, lt=10**17)
    """Digits with country code."""
    receiver_number: Series[np.int64] = pandera.Field(ge=10**6, lt=10**17)
    starts_at: Series[np.int64]
    """Epoch milliseconds."""
    ends_at: Series[np.int64]
    identity: Series[np.int64]
    duration: Series[np.int64] = pandera.Field(gt=0, le=DAY_MS)
    """Derived: `ends_at` less `starts_at`, ms."""
