"""What pandera found, as a frame: row, line, field, code, value, message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from bulkcall.records import Field
from bulkcall.validate.messages import RANK
from bulkcall.validate.rules import CampaignText
from bulkcall.validate.text_columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandera.pandas as pandera
    from numpy.typing import NDArray

    from bulkcall.records import RowFault
    from bulkcall.validate.messages import Wording

SCHEMA: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("line", pa.int64()),
        ("field", pa.string()),
        ("code", pa.string()),
        ("value", pa.string()),
        ("message", pa.string()),
    ]
)

FIELD_OF: Final = {
    "row": "",
    "label_id_damage": Field.LABEL_ID.value,
    "name_damage": Field.DYNAMIC_LABEL_NAME.value,
    "reason_damage": Field.DYNAMIC_CALL_REASON.value,
    "labels": Field.DYNAMIC_LABEL_NAME.value,
    "duration": Field.ENDS_AT.value,
    "remaining": Field.ENDS_AT.value,
}
"""Column of `CampaignText` that is no field of the record → the field that a person looks at."""

_SCHEMA: Final = CampaignText.to_schema()
_FEW: Final = 1000
_MOST_KNOWN: Final = 10_000
_KNOWN: Final[dict[str, dict[str, tuple[bool, ...]]]] = defaultdict(dict)
"""Column → text → whether it keeps each of the column's rules: the same for every file."""
_FIELD_RANK: Final = {"": 0} | {field.value: rank for rank, field in enumerate(Field, start=1)}


Judged = Mapping[str, "NDArray[np.int8] | NDArray[np.float64] | TextColumn"]
"""The columns of `CampaignText`: verdicts, figures (NaN where absent), texts."""


def broken_rules(columns: Judged) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """Judge columns by `CampaignText`: column, rule and positions of the rows that break it.

    The same as `CampaignText.validate(frame, lazy=True)` finds (a test shows it), at a tenth of the
    cost: each check is asked for its boolean column, and no error is put together for it. Of a
    column of verdicts, which holds one of 256 values, each check is asked once and for all; of a
    text column, once for each distinct text.
    """
    for name, column in _SCHEMA.columns.items():
        values = columns[name]
        if isinstance(values, TextColumn):
            yield from _broken_by_text(name, values)
        elif values.dtype == np.int8:
            yield from _broken_by_value(name, cast("NDArray[np.int8]", values))
        else:
            # As pandera does: what is absent from a nullable column breaks no rule.
            series = pd.Series(values).dropna()
            for rule, holds in _asked(column.checks, series):
                if not holds.all():
                    yield name, rule, series.index[~holds].to_numpy(np.int64)


def _asked(
    checks: Sequence[pandera.Check], series: pd.Series[Any]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for check in checks:
        yield str(check.name), check(series).check_output.to_numpy(dtype=bool)


def _broken_by_text(name: str, words: TextColumn) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    filled = words.sound
    if not filled.any():
        return
    texts = words.distinct.filter(pa.array(filled))
    verdicts = _remembered(name, texts) if len(texts) <= _FEW else _judged(name, texts)
    for rule, holds in verdicts.items():
        if not holds.all():
            broken = np.zeros(len(filled), dtype=bool)
            broken[filled] = ~holds
            yield name, rule, np.flatnonzero(broken[words.rows])


def _judged(name: str, texts: pa.Array) -> dict[str, NDArray[np.bool_]]:
    return dict(_asked(_SCHEMA.columns[name].checks, pd.Series(texts, dtype="str")))


def _remembered(name: str, texts: pa.Array) -> dict[str, NDArray[np.bool_]]:
    """Judge texts, asking only about those that the last chunks did not hold."""
    known = _KNOWN[name]
    said = texts.to_pylist()
    new = [text for text in said if text not in known]
    if new:
        if len(known) > _MOST_KNOWN:
            known.clear()
            new = said
        verdicts = _judged(name, pa.array(new, pa.string()))
        known.update(zip(new, zip(*verdicts.values(), strict=True), strict=True))
    table = np.array([known[text] for text in said], dtype=bool).reshape(len(said), -1)
    rules = [str(check.name) for check in _SCHEMA.columns[name].checks]
    return {rule: table[:, at] for at, rule in enumerate(rules)}


def _broken_by_value(
    name: str, values: NDArray[np.int8]
) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    present = np.bincount(values.view(np.uint8), minlength=256) > 0
    for rule, holds in _verdicts(name):
        if (present & ~holds).any():
            yield name, rule, np.flatnonzero(~holds[values.view(np.uint8)])


@cache
def _verdicts(name: str) -> list[tuple[str, NDArray[np.bool_]]]:
    """Ask each check of a column about every int8; indexed by the value's byte."""
    every = pd.Series(np.arange(256, dtype=np.uint8).view(np.int8))
    return list(_asked(_SCHEMA.columns[name].checks, every))


def collect(
    judged: Judged,
    *,
    first_row: int,
    lines: NDArray[np.int64],
    texts: Mapping[str, pa.Array],
    faults: Mapping[int, RowFault],
    wording: Wording,
) -> pa.Table:
    """Turn every broken rule of a chunk into findings, by row, the most helpful first."""
    positions: list[NDArray[np.int64]] = []
    ranks: list[NDArray[np.int64]] = []
    columns: dict[str, list[str]] = {"field": [], "code": [], "value": [], "message": []}
    for column, rule, where in broken_rules(judged):
        field = FIELD_OF.get(column, column)
        if column == "row":
            values = [faults[first_row + at].surplus for at in where.tolist()]
        elif field in texts and rule != "label.missing":
            values = texts[field].take(pa.array(where)).to_pylist()
        else:
            values = [""] * len(where)
        if column == "row":
            messages = [faults[first_row + at].message for at in where.tolist()]
        else:
            said = {value: wording.message(rule, value) for value in set(values)}
            messages = [said[value] for value in values]
        columns["field"] += [field] * len(where)
        columns["code"] += [rule] * len(where)
        columns["value"] += values
        columns["message"] += messages
        positions.append(where)
        ranks.append(np.full(len(where), RANK[rule] * 10 + _FIELD_RANK[field]))
    if not positions:
        return SCHEMA.empty_table()
    at = np.concatenate(positions)
    order = np.lexsort((np.concatenate(ranks), at))
    table = pa.table({"row": at + first_row, "line": lines[at], **columns}, schema=SCHEMA)
    return table.take(pa.array(order))
