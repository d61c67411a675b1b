"""Damage that shows as a pattern in a column: what happened, how often, how to avoid it.

A slip in a cell or two is a finding and no more; what happens to many cells of a column has a cause
outside them (a spreadsheet, an export, a wrong mapping), and one line says which.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Field
from bulkcall.validate.diagnostic_messages import (
    DATE_PARTS,
    FEW_RECEIVERS,
    GARBLED,
    HALF,
    LINES,
    MANY_CALLERS,
    MOSTLY,
    NUMBER_LIKE,
    ROUNDED,
    UUID_LIKE,
    country_line,
    mapping_line,
)
from bulkcall.validate.finding_counts import count_findings
from bulkcall.validate.phone_parser import country_of_text
from bulkcall.validate.text_columns import trim

if TYPE_CHECKING:
    from bulkcall.records import CampaignFile, CheckedChunk

_SEVERAL: Final = 3
_SHARE: Final = 0.001
_ENOUGH: Final = 1000
_SAMPLE: Final = 2000
"""Rows of the first chunk that are looked at where every row would cost too much …"""
_LATER_SAMPLE: Final = 400
"""… and of each later one."""
_SHORT_LENGTHS: Final = range(6, 12)

_NOT_VALID: Final = tuple(
    f"number.{kind}" for kind in ("not_valid", "too_short", "too_long", "wrong_length")
)
_COUNTRY_SAMPLE: Final = 200
"""Numbers of another country whose country is looked up, in each chunk."""
_NUMBERS: Final = (Field.CALLER_NUMBER, Field.RECEIVER_NUMBER)
_WORDS: Final = (Field.DYNAMIC_LABEL_NAME, Field.DYNAMIC_CALL_REASON)


class Diagnostics:
    """Looks at every checked chunk of a file and says what happened to it."""

    def __init__(self, file: CampaignFile) -> None:
        self._file = file
        self._rows = 0
        self._sampled = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}
        self._looks: Counter[tuple[str, str]] = Counter()
        self._distinct: dict[Field, set[str]] = {field: set() for field in _NUMBERS}
        self._countries: dict[Field, Counter[str]] = {field: Counter() for field in _NUMBERS}
        self._repeats = (0, 0)

    def add(self, checked: CheckedChunk) -> None:
        """Take a chunk's findings and a sample of its cells in."""
        self._rows += len(checked)
        self._count_codes(checked.findings)
        for field in _NUMBERS:
            self._count_lost_digits(checked.findings, field)
            self._count_countries(checked.findings, field)
        for field in (Field.STARTS_AT, Field.ENDS_AT):
            self._count_date_parts(checked.findings, field)
        for field in _WORDS:
            if field in checked.texts:
                self._count_garbled(checked.texts[field], field)
        self._look_at_sample(checked)

    def note_repeats(self, repeats: int, valid: int) -> None:
        """Tell how many of the valid rows an earlier run has sent already."""
        self._repeats = (repeats, valid)

    def lines(self) -> list[str]:
        """Say in one line each what happened to the file, the commonest first."""
        found = [
            (count, LINES[kind](field, count, self._rows, self._examples.get((field, kind), "")))
            for (field, kind), count in self._counts.items()
            if kind in LINES and self._is_pattern(count)
        ]
        found += [(self._rows, line) for line in self._mappings()]
        found += self._other_countries()
        repeats, valid = self._repeats
        if self._is_pattern(repeats):
            found.append((repeats, LINES["repeats"]("", repeats, valid, "")))
        return [line for _, line in sorted(found, key=lambda each: (-each[0], each[1]))]

    def _other_countries(self) -> list[tuple[int, str]]:
        """Propose the setting for columns whose numbers mostly are of one other country."""
        lines = []
        for field in _NUMBERS:
            kind = (field.value, "number.other_country")
            sampled = self._countries[field].total()
            if not sampled or self._counts[kind] < _SEVERAL:
                continue
            country, most = self._countries[field].most_common(1)[0]
            count = self._counts[kind] * most // sampled
            if count > self._rows * HALF:
                example = self._examples[kind]
                lines.append((count, country_line(field, count, self._rows, example, country)))
        return lines

    def _is_pattern(self, count: int) -> bool:
        return count >= _SEVERAL and (count >= _ENOUGH or count >= self._rows * _SHARE)

    def _count_codes(self, findings: pa.Table) -> None:
        for kind in count_findings(findings):
            self._count(kind.field, kind.code, kind.count, kind.first["value"])

    def _count_lost_digits(self, findings: pa.Table, field: Field) -> None:
        for code in _NOT_VALID:
            values = _values(findings, field, code)
            bare = pc.replace_substring_regex(values, r"\D", "")
            rounded = pc.match_substring_regex(bare, ROUNDED)
            self._count_values(field, "rounded", values.filter(rounded))
            if code == "number.too_short":
                rest = values.filter(pc.invert(rounded))
                lengths = pc.binary_length(bare.filter(pc.invert(rounded)))
                for length in _SHORT_LENGTHS:
                    short = rest.filter(pc.equal(lengths, length))
                    self._count_values(field, f"short {length}", short)

    def _count_countries(self, findings: pa.Table, field: Field) -> None:
        values = _values(findings, field, "number.other_country")
        for value in values.slice(0, _COUNTRY_SAMPLE).to_pylist():
            self._countries[field][country_of_text(value)] += 1

    def _count_date_parts(self, findings: pa.Table, field: Field) -> None:
        # What can't be a month tells which part is the day, and whether all agree on it.
        for kind, rule in (
            ("time.ambiguous", "time.needs_date_format"),
            ("time.impossible", "time.impossible"),
        ):
            parts = pc.extract_regex(_values(findings, field, rule), DATE_PARTS).drop_null()
            for part in ("a", "b"):
                figures = pc.cast(pc.struct_field(parts, part), pa.int32())
                over = pc.sum(pc.greater(figures, 12)).as_py() or 0
                self._count(field.value, f"{kind} {part}", over, "")

    def _count_garbled(self, texts: pa.DictionaryArray, field: Field) -> None:
        garbled = pc.match_substring_regex(texts.dictionary, GARBLED)
        if garbled.true_count:
            which = garbled.to_numpy(zero_copy_only=False)[texts.indices.to_numpy()]
            self._count_values(field, "garbled", texts.filter(pa.array(which)))

    def _look_at_sample(self, checked: CheckedChunk) -> None:
        cells = checked.chunk.cells.slice(0, _SAMPLE if not self._sampled else _LATER_SAMPLE)
        self._sampled += cells.num_rows
        for field, column in self._file.fields.items():
            texts = trim(cells.column(column))
            filled = texts.filter(pc.not_equal(texts, ""))
            self._looks[field.value, "filled"] += len(filled)
            for look, pattern in (("uuid", UUID_LIKE), ("number", NUMBER_LIKE)):
                hits = pc.sum(pc.match_substring_regex(filled, pattern)).as_py() or 0
                self._looks[field.value, look] += hits
            if field in self._distinct and len(self._distinct[field]) < MANY_CALLERS:
                self._distinct[field].update(filled.unique().to_pylist())

    def _mappings(self) -> list[str]:
        lines = []
        for field, column in self._file.fields.items():
            filled = self._looks[field.value, "filled"]
            if filled < _SEVERAL:
                continue
            uuids, numbers = (self._looks[field.value, look] for look in ("uuid", "number"))
            wrong = {
                Field.LABEL_ID: (numbers, "phone numbers"),
                Field.DYNAMIC_LABEL_NAME: max((uuids, "UUIDs"), (numbers, "phone numbers")),
                Field.DYNAMIC_CALL_REASON: max((uuids, "UUIDs"), (numbers, "phone numbers")),
            }.get(field, (uuids, "UUIDs"))
            if wrong[0] >= filled * MOSTLY:
                lines.append(mapping_line(field, self._file.columns[column], wrong[1]))
            elif self._unreadable(field) >= self._rows * HALF:
                lines.append(mapping_line(field, self._file.columns[column], "something else"))
        callers, receivers = (len(self._distinct[field]) for field in _NUMBERS)
        if callers >= MANY_CALLERS and receivers <= FEW_RECEIVERS:
            lines.append(LINES["swapped"]("", callers, receivers, ""))
        return lines

    def _unreadable(self, field: Field) -> int:
        rules = ("number.characters", "time.not_recognised", "label_id.not_uuid")
        return max(self._counts[field.value, rule] for rule in rules)

    def _count_values(self, field: Field, kind: str, values: pa.Array) -> None:
        if len(values):
            self._count(field.value, kind, len(values), values[0].as_py())

    def _count(self, field: str, kind: str, count: int, example: str) -> None:
        if count:
            self._counts[field, kind] += count
            self._examples.setdefault((field, kind), example)


def _values(findings: pa.Table, field: Field, code: str) -> pa.ChunkedArray:
    wanted = pc.and_(pc.equal(findings["field"], field.value), pc.equal(findings["code"], code))
    return findings["value"].filter(wanted)
