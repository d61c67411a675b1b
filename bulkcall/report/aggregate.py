"""Sums over a run's results, block by block, in memory that does not grow with the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Outcome
from bulkcall.report.model import Conservation, Group, Throughput
from bulkcall.report.reasons import ReasonTally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.report.model import Reason

_HOUR = 3_600_000
_MOST_GROUPS = 20_000
_MOST_BARS = 120
_STRETCHES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400, 604800)
OTHERS = "all others"


class Aggregate:
    """Adds up what the report shows. `add` takes the ledger's results in row order."""

    def __init__(self) -> None:
        self.rows = 0
        self.outcomes: Counter[str] = Counter()
        self.matches: Counter[str] = Counter()
        self.repeated = 0
        self.first_start: int | None = None
        """The earliest `starts_at`, epoch ms."""
        self.last_end: int | None = None
        """The latest `ends_at`, epoch ms."""
        self._in_order = True
        self._reasons = ReasonTally()
        self._labels = _Groups()
        self._callers = _Groups()
        self._hours = _Groups()
        self._seconds: Counter[int] = Counter()

    def add(self, results: pa.Table) -> None:
        """Count a block of rows."""
        row = results.column("row").to_numpy()
        self._in_order &= bool((row == np.arange(self.rows + 1, self.rows + 1 + len(row))).all())
        self.rows += len(row)
        outcome = results.column("outcome").combine_chunks()
        _count(self.outcomes, outcome)
        _count(self.matches, results.column("match").combine_chunks())
        self.repeated += pc.sum(pc.greater(results.column("attempts"), 1)).as_py() or 0
        first = pc.min(results.column("starts_at")).as_py()
        if first is not None:
            self.first_start = min(first, self.first_start or first)
        last = pc.max(results.column("ends_at")).as_py()
        if last is not None:
            self.last_end = max(last, self.last_end or last)
        success = pc.equal(outcome, Outcome.SUCCESS.value)
        repeat = pc.equal(outcome, Outcome.DUPLICATE.value)
        self._reasons.add(results, success)
        label = pc.coalesce(
            results.column("dynamic_label_name"), results.column("label_id"), pa.scalar("")
        )
        self._labels.add(label.combine_chunks(), success, repeat)
        self._callers.add(results.column("caller_number").combine_chunks(), success, repeat)
        sent = results.column("sent_at").combine_chunks()
        went = pc.is_valid(sent)
        times = sent.filter(went).to_numpy(zero_copy_only=False)
        self._hours.add(pa.array(times // _HOUR), success.filter(went), repeat.filter(went))
        seconds, counts = np.unique(times // 1000, return_counts=True)
        self._seconds.update(dict(zip(seconds.tolist(), counts.tolist(), strict=True)))

    def counts(self) -> dict[Outcome, int]:
        """Return how many rows stand under each word."""
        return {each: self.outcomes[each.value] for each in Outcome}

    def conservation(self, in_file: int, counts: Mapping[Outcome, int]) -> Conservation:
        """Hold what was seen against what loading found and what the ledger counts itself."""
        return Conservation(
            in_file=in_file,
            written=self.rows,
            counted=sum(counts.values()),
            in_order=self._in_order,
            agree=all(self.outcomes[each.value] == counts.get(each, 0) for each in Outcome)
            and set(self.outcomes) <= {each.value for each in Outcome},
        )

    def reasons(self) -> tuple[Reason, ...]:
        """Return the reasons, most rows first."""
        return self._reasons.most()

    def labels(self, most: int = 12) -> tuple[Group, ...]:
        """The labels with most rows that are neither confirmed nor repeats."""
        return self._labels.most(most)

    def callers(self, most: int = 12) -> tuple[Group, ...]:
        """The callers with most rows that are neither confirmed nor repeats."""
        return self._callers.most(most)

    def hours(self) -> tuple[Group, ...]:
        """Every hour in which rows were sent, named by its epoch ms."""
        return tuple(
            Group(str(int(hour) * _HOUR), *figures) for hour, *figures in self._hours.sorted()
        )

    def throughput(self, limit: float | None, window: int = 1) -> Throughput | None:
        """The rows sent over time, in at most 120 stretches of a round length.

        `window`: the seconds over which the API counts.
        """
        if not self._seconds:
            return None
        first, last = min(self._seconds), max(self._seconds)
        stretch = next(
            (each for each in _STRETCHES if last // each - first // each < _MOST_BARS),
            _STRETCHES[-1],
        )
        begin = first // stretch
        bars = [0] * min(last // stretch - begin + 1, 10 * _MOST_BARS)
        for second, rows in self._seconds.items():
            bars[min(second // stretch - begin, len(bars) - 1)] += rows
        return Throughput(begin * stretch * 1000, stretch, tuple(bars), limit, window)


class _Groups:
    """Rows, successes and repeats for each value of one column."""

    def __init__(self) -> None:
        self._rows: Counter[Any] = Counter()
        self._good: Counter[Any] = Counter()
        self._repeats: Counter[Any] = Counter()

    def add(self, values: pa.Array, success: pa.Array, repeat: pa.Array) -> None:
        _count(self._rows, values, _MOST_GROUPS)
        _count(self._good, values.filter(success), _MOST_GROUPS)
        _count(self._repeats, values.filter(repeat), _MOST_GROUPS)

    def sorted(self) -> list[tuple[Any, int, int, int]]:
        return [
            (name, rows, self._good[name], self._repeats[name])
            for name, rows in sorted(self._rows.items())
        ]

    def most(self, most: int) -> tuple[Group, ...]:
        known = {name: rows for name, rows in self._rows.items() if name is not OTHERS}

        def bad(name: Any) -> int:
            return known[name] - self._good[name] - self._repeats[name]

        order = sorted(known, key=lambda name: (-bad(name), -known[name], str(name)))
        shown = [
            Group(
                "" if name is None else str(name),
                known[name],
                self._good[name],
                self._repeats[name],
            )
            for name in order[:most]
        ]
        rest = [*order[most:], *([OTHERS] if OTHERS in self._rows else [])]
        if rest:
            shown.append(
                Group(
                    OTHERS,
                    sum(self._rows[name] for name in rest),
                    sum(self._good[name] for name in rest),
                    sum(self._repeats[name] for name in rest),
                )
            )
        return tuple(shown)


def _count(into: Counter[Any], values: pa.Array, most: int | None = None) -> None:
    counted = pc.value_counts(values)
    names = counted.field("values").to_pylist()
    for name, count in zip(names, counted.field("counts").to_pylist(), strict=True):
        # Memory stays bounded where each row has a value of its own.
        full = most is not None and len(into) >= most and name not in into
        into[OTHERS if full else name] += count
