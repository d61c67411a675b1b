"""Text → typed records: the readers, the rules and the findings of one chunk, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from bulkcall.errors import UsageError
from bulkcall.records import CheckedChunk, Field
from bulkcall.validate.findings import collect
from bulkcall.validate.identity import record_words, text_words, with_times
from bulkcall.validate.messages import Wording
from bulkcall.validate.options import ValidateOptions, parse_window
from bulkcall.validate.phone_columns import PhoneColumnReader
from bulkcall.validate.rules import ROW_RULES, FinishedRecord
from bulkcall.validate.text_columns import TextColumn, empty_text_column, read_text_column, trim
from bulkcall.validate.time_columns import TimeColumn, TimeColumnReader
from bulkcall.validate.time_parser import TimeReading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bulkcall.records import CampaignFile, Chunk
    from bulkcall.validate.findings import Judged

NUMBER_FIELDS: Final = (Field.CALLER_NUMBER, Field.RECEIVER_NUMBER)
TEXT_FIELDS: Final = (Field.LABEL_ID, Field.DYNAMIC_LABEL_NAME, Field.DYNAMIC_CALL_REASON)
DEFAULT_ZONES: Final = {"IN": "Asia/Kolkata"}
"""Region → time zone while none is set (contract, Times)."""
_FINISHED: Final = FinishedRecord.to_schema()


class Validator:
    """Checks a campaign file's chunks, each on its own."""

    def __init__(self, file: CampaignFile, options: ValidateOptions) -> None:
        """Settle how cells are read.

        Raises:
            UsageError: region, time zone, date format, `start` or `window` is wrong, or no column
                and no option gives a required field.
        """
        self._fields = file.fields
        self._now_ms = options.now_ms
        self._null_values = tuple(word.strip() for word in options.null_values)
        self._numbers = PhoneColumnReader(options.region, options.countries)
        zone = options.timezone or DEFAULT_ZONES.get(self._numbers.plan.region, "")
        self._times = TimeColumnReader(zone, options.date_format)
        self._start = self._constant_start(options.start)
        self._window = None if options.window is None else parse_window(options.window)
        self._wording = Wording(self._numbers.plan, zone)
        self._require_columns()

    def check(self, chunk: Chunk) -> CheckedChunk:
        """Return a typed record for each row, and every finding."""
        rows = len(chunk)
        words = {field: self._words(chunk, field) for field in TEXT_FIELDS}
        texts = {
            field: words[field].as_texts if field in words else self._column(chunk, field)
            for field in Field
            if field in self._fields
        }
        numbers = {field: self._numbers.read(texts[field]) for field in NUMBER_FIELDS}
        starts = self._starts(texts, rows)
        ends = self._ends(texts, starts)
        ends_read = ends.readings == TimeReading.OK
        both_read = ends_read & (starts.readings == TimeReading.OK)
        judged: Judged = {
            "row": _fault_flags(chunk),
            "caller_number": numbers[Field.CALLER_NUMBER].readings,
            "receiver_number": numbers[Field.RECEIVER_NUMBER].readings,
            **{field.value: words[field] for field in TEXT_FIELDS},
            "label_id_damage": words[Field.LABEL_ID].damages,
            "name_damage": words[Field.DYNAMIC_LABEL_NAME].damages,
            "reason_damage": words[Field.DYNAMIC_CALL_REASON].damages,
            "starts_at": starts.readings,
            "ends_at": ends.readings,
            "labels": _count_filled([words[field] for field in TEXT_FIELDS[:2]]),
            "duration": np.where(both_read, ends.epoch_ms - starts.epoch_ms, np.nan),
            "remaining": np.where(ends_read, ends.epoch_ms - self._now_ms, np.nan),
        }
        lines = chunk.lines.to_numpy()
        findings = collect(
            judged,
            first_row=chunk.first_row,
            lines=lines,
            texts={field.value: text for field, text in texts.items()},
            faults=chunk.faults,
            wording=self._wording,
        )
        broken = findings["row"].to_numpy() - chunk.first_row
        valid = np.ones(rows, dtype=bool)
        valid[broken] = False
        digest = record_words(
            [numbers[field].digits for field in NUMBER_FIELDS],
            [text_words(words[field], lower=field is Field.LABEL_ID) for field in TEXT_FIELDS],
        )
        identity = digest[0].view(np.int64)
        first = np.flatnonzero(np.diff(broken, prepend=-1))
        message_of = np.full(rows, -1, dtype=np.int64)
        message_of[broken[first]] = first
        worst = pa.array(message_of, mask=valid)
        records = pa.table(
            {
                "row": np.arange(chunk.first_row, chunk.first_row + rows, dtype=np.int64),
                "line": chunk.lines,
                "valid": valid,
                **{
                    field.value: pa.array(number.digits, mask=number.readings != 0)
                    for field, number in numbers.items()
                },
                "starts_at": pa.array(starts.epoch_ms, mask=starts.readings != 0),
                "ends_at": pa.array(ends.epoch_ms, mask=ends.readings != 0),
                **{field.value: words[field].column for field in TEXT_FIELDS},
                "identity": pa.array(identity, mask=~valid),
                "field": findings["field"].take(worst),
                "message": findings["message"].take(worst),
                "code": findings["code"].take(worst),
            }
        )
        _prove(
            {
                "caller_number": numbers[Field.CALLER_NUMBER].digits,
                "receiver_number": numbers[Field.RECEIVER_NUMBER].digits,
                "starts_at": starts.epoch_ms,
                "ends_at": ends.epoch_ms,
                "identity": identity,
            },
            valid,
        )
        return CheckedChunk(
            chunk,
            records,
            findings,
            texts={field: words[field].as_texts for field in TEXT_FIELDS if field in self._fields},
            digest=with_times(digest, (starts.epoch_ms, ends.epoch_ms)),
        )

    def _words(self, chunk: Chunk, field: Field) -> TextColumn:
        if field not in self._fields:
            return empty_text_column(len(chunk))
        return read_text_column(
            chunk.cells.column(self._fields[field]),
            self._null_values,
            name=field is Field.DYNAMIC_LABEL_NAME,
        )

    def _column(self, chunk: Chunk, field: Field) -> pa.Array:
        return trim(chunk.cells.column(self._fields[field]), self._null_values)

    def _starts(self, texts: dict[Field, pa.Array], rows: int) -> TimeColumn:
        if self._start is None:
            return self._times.read(texts[Field.STARTS_AT])
        return TimeColumn(np.full(rows, self._start, np.int64), np.zeros(rows, np.int8))

    def _ends(self, texts: dict[Field, pa.Array], starts: TimeColumn) -> TimeColumn:
        if self._window is None:
            return self._times.read(texts[Field.ENDS_AT])
        read = starts.readings == TimeReading.OK
        # Where the start can't be read, that one finding says all there is to say.
        values = np.where(read, starts.epoch_ms + self._window, 0)
        return TimeColumn(values, np.where(read, np.int8(TimeReading.OK), np.int8(-1)))

    def _constant_start(self, text: str | None) -> int | None:
        if text is None:
            return None
        text = text.strip()
        if text.lower() == "now":
            return self._now_ms
        reading, moment = self._times.moments.read(text)
        if reading is not TimeReading.OK:
            raise UsageError(
                f"--start: not a recognised time {text!r}; use now or 2026-04-03T10:00+05:30"
            )
        return moment

    def _require_columns(self) -> None:
        given = {*self._fields}
        for field, option, value in (
            (Field.STARTS_AT, "--start", self._start),
            (Field.ENDS_AT, "--window", self._window),
        ):
            if value is not None:
                if field in given:
                    raise UsageError(f"{option} is given, and the file has a column for {field}")
                given.add(field)
            elif field not in given:
                raise UsageError(f"the file has no column for {field}: add one, or give {option}")
        for field in NUMBER_FIELDS:
            if field not in given:
                raise UsageError(f"the file has no column for {field}: add one, or use --map")


def _count_filled(columns: Sequence[TextColumn]) -> NDArray[np.int8]:
    counts = [column.filled[column.rows].view(np.int8) for column in columns]
    total: NDArray[np.int8] = np.sum(counts, axis=0, dtype=np.int8)
    return total


def _fault_flags(chunk: Chunk) -> NDArray[np.int8]:
    flags = np.zeros(len(chunk), dtype=np.int8)
    if chunk.faults:
        places = np.fromiter(chunk.faults, dtype=np.int64) - chunk.first_row
        flags[places] = [1 + ROW_RULES.index(fault.rule) for fault in chunk.faults.values()]
    return flags


def _prove(columns: Mapping[str, NDArray[np.int64]], valid: NDArray[np.bool_]) -> None:
    """Hold the valid rows against the finished record's model; a failure is a mistake of ours.

    The model sets bounds, so that the least and the greatest of a column speak for all of it.
    """
    if not valid.any():
        return
    duration = columns["ends_at"] - columns["starts_at"]
    bounds = {
        name: pd.Series([column[valid].min(), column[valid].max()])
        for name, column in {**columns, "duration": duration}.items()
    }
    for name, rules in _FINISHED.columns.items():
        if not all(check(bounds[name]).check_passed for check in rules.checks):
            FinishedRecord.validate(pd.DataFrame(bounds))
            raise AssertionError(name)
