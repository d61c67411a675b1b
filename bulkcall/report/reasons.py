"""Why rows are not `success`: messages grouped by what they say, not by whom they name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Outcome
from bulkcall.report.model import Example, Reason
from bulkcall.report.rejected_csv import can_be_saved

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_REASONS = 2_000
_MOST_EXAMPLES = 5
_LONGEST = 300
_OTHER = "other reasons"

_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
# An apostrophe inside a word opens no quotation; a quoted plain word (a status) is no value.
_QUOTED = re.compile(
    r"(?<!\w)(?:'(?![a-z_]+')[^']*'|\"[^\"]*\"|\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d)(?!\w)"
)
_NUMBER = re.compile(
    r"\+?\d[\d\s:./T+-]{2,}\d(?:\.\d+)?Z?|(?<=row )\d+|\d+(?= (?:characters|cells|digits)\b)"
)
_HELD = re.compile(r"(?<=\bcontains )(?:\"[^\"]\" ?)+(?=,)|\bU\+[0-9A-F]{4,6}\b")
_VARIES = (_UUID, _HELD, _QUOTED, _NUMBER)


def reason_text(message: str) -> str:
    """Leave out what differs from row to row: ids, quoted values, numbers, times."""
    text = message[: 4 * _LONGEST]
    for pattern in _VARIES:
        text = pattern.sub("…", text)
    return text[:_LONGEST]


class ReasonTally:
    """Adds up reasons, with the first few rows of each as examples."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, bool], int] = {}
        self._examples: dict[tuple[str, str, str, bool], list[Example]] = {}
        self._texts: dict[str, str] = {}

    def add(self, results: pa.Table, success: pa.Array) -> None:
        """Count the rows of a block that are not `success`."""
        bad = results.filter(pc.invert(success))
        if not bad.num_rows:
            return
        message = bad.column("message").combine_chunks()
        coded = message.dictionary_encode()
        texts = pa.array([reason_text(text or "") for text in coded.dictionary.to_pylist()])
        keys = pa.table(
            {
                "outcome": bad.column("outcome"),
                "field": bad.column("field"),
                "text": texts.take(coded.indices),
                "rejected": can_be_saved(bad),
                "place": pa.array(range(bad.num_rows)),
            }
        )
        groups = keys.group_by(["outcome", "field", "text", "rejected"], use_threads=False)
        summed = groups.aggregate([("place", "count"), ("place", "min")])
        for group in summed.to_pylist():
            self._note(group, bad, keys)

    def most(self) -> tuple[Reason, ...]:
        """Return the reasons, most rows first."""
        order = sorted(self._rows, key=lambda key: (-self._rows[key], key))
        return tuple(
            Reason(
                outcome=Outcome(key[0]),
                field=key[1],
                text=key[2],
                rejected=key[3],
                rows=self._rows[key],
                examples=tuple(self._examples[key]),
            )
            for key in order
        )

    def _note(self, group: dict[str, object], bad: pa.Table, keys: pa.Table) -> None:
        key = (
            str(group["outcome"]),
            str(group["field"] or ""),
            str(group["text"]),
            bool(group["rejected"]),
        )
        if key not in self._rows and len(self._rows) >= _MOST_REASONS:
            key = (key[0], "", _OTHER, key[3])
        self._rows[key] = self._rows.get(key, 0) + int(str(group["place_count"]))
        examples = self._examples.setdefault(key, [])
        wanted = _MOST_EXAMPLES - len(examples)
        if wanted > 0:
            same = pc.and_(
                pc.equal(keys.column("text"), group["text"]),
                pc.and_(
                    pc.equal(keys.column("outcome"), group["outcome"]),
                    pc.equal(keys.column("field"), group["field"]),
                ),
            )
            examples.extend(_examples(bad.filter(same).slice(0, wanted)))


def _examples(rows: pa.Table) -> Iterator[Example]:
    for row in rows.select(["row", "caller_number", "receiver_number", "message"]).to_pylist():
        yield Example(
            row=row["row"],
            caller=_digits(row["caller_number"]),
            receiver=_digits(row["receiver_number"]),
            message=(row["message"] or "")[:_LONGEST],
        )


def _digits(number: int | None) -> str:
    return "" if number is None else str(number)
