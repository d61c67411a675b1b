"""The rules of a record (api.md, A record; contract, Campaign file), each one a named check.

This is the one place where the rules stand. `CampaignText` judges the cells of a campaign file as
they were read; `FinishedRecord` states what goes to the API, typed. A check gives one whole boolean
column; what may depend on two cells stands on a derived column, so that it fails once a row.

What a text can mean, as a number or a point in time, is decided by the readers (phone_parser.py,
time_parser.py): their verdicts arrive here as the columns `caller_number`, `receiver_number`,
`starts_at` and `ends_at`, each a `NumberReading` or `TimeReading`. A check's name is the code of
the reason (bulkcall/codes.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.typing import Series

from bulkcall.records import RowRule
from bulkcall.validate.options import DAY_MS
from bulkcall.validate.phone_parser import NumberReading
from bulkcall.validate.text_damage import TextDamage
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


ROW_RULES: Final = tuple(RowRule)


def _number_rule(code: str, reading: NumberReading) -> Any:
    return _reading_rule(code, NUMBERS, int(reading))


def _time_rule(code: str, reading: TimeReading) -> Any:
    return _reading_rule(code, TIMES, int(reading))


def _row_rule(rule: RowRule) -> Any:
    return _reading_rule(rule.value, ("row",), ROW_RULES.index(rule) + 1)


def _damage_rule(kind: str, damage: TextDamage) -> Any:
    return _reading_rule(f"{kind}.{damage.name.lower()}", (f"{kind}_damage",), int(damage))


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


def _at_least(texts: pa.Array, length: int) -> pa.Array:
    return pc.greater_equal(pc.utf8_length(texts), length)  # code points


def _at_most(texts: pa.Array, length: int) -> pa.Array:
    return pc.less_equal(pc.utf8_length(texts), length)


class CampaignText(pandera.DataFrameModel):
    """A campaign file's rows as they were read: verdicts of the readers, texts, derived columns."""

    row: Series[np.int8]
    """Where the row as a whole can't be trusted (`Chunk.faults`): 1 + place in `ROW_RULES`."""
    caller_number: Series[np.int8]
    """`NumberReading`."""
    receiver_number: Series[np.int8]
    label_id: Series[str] = pandera.Field(nullable=True)
    """Trimmed; null where the cell is empty or its text is damaged."""
    dynamic_label_name: Series[str] = pandera.Field(nullable=True)
    dynamic_call_reason: Series[str] = pandera.Field(nullable=True)
    label_id_damage: Series[np.int8]
    """`TextDamage`."""
    name_damage: Series[np.int8]
    reason_damage: Series[np.int8]
    starts_at: Series[np.int8]
    """`TimeReading`."""
    ends_at: Series[np.int8]
    labels: Series[np.int8]
    """Derived: how many of label_id and dynamic_label_name the row holds."""
    duration: Series[np.float64] = pandera.Field(nullable=True)
    """Derived: `ends_at` less `starts_at`, ms; null where either could not be read."""
    remaining: Series[np.float64] = pandera.Field(nullable=True)
    """Derived: `ends_at` less the load time, ms; null where it could not be read."""

    row_surplus_cells = _row_rule(RowRule.SURPLUS_CELLS)
    row_broken_quotes = _row_rule(RowRule.BROKEN_QUOTES)
    row_nul = _row_rule(RowRule.NUL)
    row_cell_error = _row_rule(RowRule.CELL_ERROR)
    row_formula_not_computed = _row_rule(RowRule.FORMULA_NOT_COMPUTED)
    row_cell_unreadable = _row_rule(RowRule.CELL_UNREADABLE)

    number_missing = _number_rule("number.missing", NumberReading.EMPTY)
    number_scientific = _number_rule("number.scientific", NumberReading.SCIENTIFIC)
    number_decimal = _number_rule("number.decimal", NumberReading.DECIMAL)
    number_characters = _number_rule("number.characters", NumberReading.CHARACTERS)
    number_valid = _number_rule("number.not_valid", NumberReading.NOT_VALID)
    number_example = _number_rule("number.example", NumberReading.EXAMPLE)
    number_error_word = _number_rule("number.error_word", NumberReading.ERROR_WORD)
    number_null_word = _number_rule("number.null_word", NumberReading.NULL_WORD)
    number_invisible = _number_rule("number.invisible_character", NumberReading.INVISIBLE_CHARACTER)
    number_long_enough = _number_rule("number.too_short", NumberReading.TOO_SHORT)
    number_short_enough = _number_rule("number.too_long", NumberReading.TOO_LONG)
    number_of_a_length = _number_rule("number.wrong_length", NumberReading.WRONG_LENGTH)
    number_of_the_region = _number_rule("number.other_country", NumberReading.OTHER_COUNTRY)
    number_certain = _number_rule("number.ambiguous", NumberReading.AMBIGUOUS)

    label_id_error_word = _damage_rule("label_id", TextDamage.ERROR_WORD)
    label_id_null_word = _damage_rule("label_id", TextDamage.NULL_WORD)
    label_id_placeholder = _damage_rule("label_id", TextDamage.PLACEHOLDER)
    label_id_lost_characters = _damage_rule("label_id", TextDamage.LOST_CHARACTERS)
    label_id_invisible = _damage_rule("label_id", TextDamage.INVISIBLE)
    label_id_control_character = _damage_rule("label_id", TextDamage.CONTROL_CHARACTER)
    name_error_word = _damage_rule("name", TextDamage.ERROR_WORD)
    name_null_word = _damage_rule("name", TextDamage.NULL_WORD)
    name_placeholder = _damage_rule("name", TextDamage.PLACEHOLDER)
    name_lost_characters = _damage_rule("name", TextDamage.LOST_CHARACTERS)
    name_invisible = _damage_rule("name", TextDamage.INVISIBLE)
    name_control_character = _damage_rule("name", TextDamage.CONTROL_CHARACTER)
    reason_error_word = _damage_rule("reason", TextDamage.ERROR_WORD)
    reason_null_word = _damage_rule("reason", TextDamage.NULL_WORD)
    reason_placeholder = _damage_rule("reason", TextDamage.PLACEHOLDER)
    reason_lost_characters = _damage_rule("reason", TextDamage.LOST_CHARACTERS)
    reason_invisible = _damage_rule("reason", TextDamage.INVISIBLE)
    reason_control_character = _damage_rule("reason", TextDamage.CONTROL_CHARACTER)

    @pandera.check("label_id", name="label_id.not_uuid")
    def label_id_is_uuid(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - pandera
        """Contract, Campaign file: `label_id` is a UUID."""
        return _text_rule(texts, lambda each: pc.match_substring_regex(each, UUID_PATTERN))

    @pandera.check("labels", name="label.missing")
    def has_a_label(cls, labels: pd.Series[int]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: at least one of label_id and dynamic_label_name."""
        return labels > 0

    @pandera.check("dynamic_label_name", name="name.too_short")
    def name_is_long_enough(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 3 to 40 characters."""
        return _text_rule(texts, lambda each: _at_least(each, NAME_LENGTH[0]))

    @pandera.check("dynamic_label_name", name="name.too_long")
    def name_is_short_enough(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 3 to 40 characters."""
        return _text_rule(texts, lambda each: _at_most(each, NAME_LENGTH[1]))

    @pandera.check("dynamic_call_reason", name="reason.too_short")
    def reason_is_long_enough(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 10 to 100 characters."""
        return _text_rule(texts, lambda each: _at_least(each, REASON_LENGTH[0]))

    @pandera.check("dynamic_call_reason", name="reason.too_long")
    def reason_is_short_enough(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: 10 to 100 characters."""
        return _text_rule(texts, lambda each: _at_most(each, REASON_LENGTH[1]))

    @pandera.check("dynamic_call_reason", name="reason.characters")
    def reason_characters(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: none of ``! @ # $ % ^ & * ( ) _ + /``."""
        return _text_rule(texts, lambda each: pc.invert(pc.match_substring_regex(each, _ANY_OF)))

    @pandera.check("dynamic_call_reason", name="reason.ends")
    def reason_ends(cls, texts: pd.Series[str]) -> pd.Series[bool]:  # noqa: N805 - same
        """api.md, A record: no ``.``, ``,``, ``-`` or space at either end."""
        return _text_rule(texts, lambda each: pc.equal(each, pc.utf8_trim(each, _ENDS)))

    time_required = _time_rule("time.missing", TimeReading.EMPTY)
    time_zone_known = _time_rule("time.no_zone", TimeReading.NO_ZONE)
    time_date_order = _time_rule("time.ambiguous", TimeReading.DATE_ORDER)
    time_error_word = _time_rule("time.error_word", TimeReading.ERROR_WORD)
    time_null_word = _time_rule("time.null_word", TimeReading.NULL_WORD)
    time_format_set = _time_rule("time.needs_date_format", TimeReading.NEEDS_FORMAT)
    time_of_day = _time_rule("time.no_time_of_day", TimeReading.DATE_ONLY)
    time_scientific = _time_rule("time.scientific", TimeReading.SCIENTIFIC)
    time_twice = _time_rule("time.occurs_twice", TimeReading.TWICE)
    time_never = _time_rule("time.never_occurs", TimeReading.NEVER)
    time_possible = _time_rule("time.impossible", TimeReading.IMPOSSIBLE)
    time_epoch_unit = _time_rule("time.epoch_unit", TimeReading.FINER_EPOCH)
    time_readable = _time_rule("time.not_recognised", TimeReading.UNREADABLE)

    @pandera.check("duration", name="time.ends_before_start")
    def ends_after_start(cls, duration: pd.Series[float]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: `ends_at` must be after `starts_at`."""
        return duration > 0

    @pandera.check("duration", name="time.too_long")
    def at_most_24_hours(cls, duration: pd.Series[float]) -> pd.Series[bool]:  # noqa: N805 - same
        """Contract, Campaign file: at most 24 hours after."""
        return duration <= DAY_MS

    @pandera.check("remaining", name="time.past")
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
