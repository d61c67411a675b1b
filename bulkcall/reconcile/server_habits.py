"""What a server does to the times of all records alike, found before rows are matched.

Nothing promises that times come back as they were sent (api.md, Batch status). A habit is a rule
for each of the two times; it is believed for how many of the listed records it explains, held
against what other rules explain. Where several rules explain a listing equally well, all of them
stand, and a record then fits every row that one of them allows. Pure.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from bulkcall.reconcile.status_record import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.records import CallRecord

UNITS_MS = (10, 100, 1000, 60_000, 3_600_000, 86_400_000)
"""The units that a server may keep times in; finer than a millisecond nothing is sent."""
FEW = 3
"""So many records beside one with a row's time to the millisecond may be strangers'."""
MOST_PAIRS = 300_000
"""Pairs of a sent and a shown time that are tried for a shift; more than that takes too long."""
MOST_SHIFTS = 12
MOST_FORMS = 4
"""Forms of mask in one listing; where there are more, digits do not help to find a habit."""


class Kind(StrEnum):
    """How a server shows one time."""

    SENT = "sent"
    CUT = "cut"
    """Cut to whole units."""
    ROUNDED = "rounded"
    """To the nearest whole unit, a half upwards."""
    RAISED = "raised"
    """To the next whole unit."""
    NONE = "none"
    """No relation to what was sent: no evidence."""


class TimeRule(NamedTuple):
    """What becomes of one time; a shift comes after cutting or rounding."""

    kind: Kind = Kind.SENT
    unit_ms: int = 1
    shift_ms: int = 0

    def shown(self, at_ms: int) -> int | None:
        """Return a time as the server shows it; None: nothing is known of it."""
        return _QUANTIZED[self.kind](at_ms, self.unit_ms, self.shift_ms)


_QUANTIZED: dict[Kind, Callable[[int, int, int], int | None]] = {
    Kind.SENT: lambda at, _, shift: at + shift,
    Kind.CUT: lambda at, unit, shift: at // unit * unit + shift,
    Kind.ROUNDED: lambda at, unit, shift: (at + unit // 2) // unit * unit + shift,
    Kind.RAISED: lambda at, unit, shift: -(-at // unit) * unit + shift,
    Kind.NONE: lambda _at, _unit, _shift: None,
}
_SENT = TimeRule()
_NONE = TimeRule(Kind.NONE)


class Habit(NamedTuple):
    """What becomes of both times of every record."""

    starts: TimeRule = _SENT
    ends: TimeRule = _SENT

    @property
    def tells(self) -> bool:
        """Whether the stamp is evidence."""
        return self.ends.kind is not Kind.NONE


AS_SENT = Habit()
NO_RELATION = Habit(_NONE, _NONE)


class Found(NamedTuple):
    """What a listing shows of the server's habit."""

    habits: tuple[Habit, ...]
    """All that explain it equally well; at least one."""
    explained: int = 0
    records: int = 0
    uncertain: bool = False
    """Times tell something, but not what: of some records they do, of others they don't."""

    @property
    def tells(self) -> bool:
        """Whether stamps are evidence under each of the habits."""
        return all(habit.tells for habit in self.habits)


def find_habits(
    sent: Sequence[CallRecord], listed: Sequence[StatusRecord], known: Sequence[Habit] = ()
) -> Found:
    """Find what the server did to the times of a listing.

    Args:
        sent: the records of the batch, as they were sent.
        listed: the server's records for it.
        known: habits that other listings of this server have shown; believed where nothing in this
            listing speaks against them.
    """
    scene = _Scene(sent, listed)
    if not scene.total:
        return Found((AS_SENT,) if scene.timed or not listed else (NO_RELATION,))
    for habit in known:
        if habit.tells and scene.explained(habit) == scene.total:
            return Found((habit,), scene.total, scene.total)
    if scene.no_ends:
        return scene.believed([Habit(_SENT, _NONE)]) or scene.unrelated()
    return _found(scene, len(sent))


def _found(scene: _Scene, rows: int) -> Found:
    plain = [AS_SENT, *scene.gridded()]
    best = max(scene.explained(habit) for habit in plain)
    count = 0
    if best < scene.total:
        shifted, count = scene.shifted()
        if shifted is not None and count > best:
            # Nearly as good without a shift: strangers at just the right places, or a shift.
            if best * 2 > count:
                return scene.unrelated(count)
            half = scene.half()
            # What looks like a shift of most may be another span, of rows with windows alike.
            return (
                half if half and half.explained > count else Found((shifted,), count, scene.total)
            )
    elif scene.total < rows and scene.moved_alike():
        return Found((NO_RELATION,), 0, scene.total, uncertain=True)
    return scene.believed(plain) or scene.half() or scene.unrelated(best, count)


def _enough(explained: int, total: int) -> bool:
    return explained > 0 and total - explained <= explained


class _Scene:
    """A batch and its listing, as far as times and visible digits go."""

    def __init__(self, sent: Sequence[CallRecord], listed: Sequence[StatusRecord]) -> None:
        # What is listed twice under one id, early and late, is one record.
        by_id = {record.record_id or place: record for place, record in enumerate(listed)}
        timed = [r for r in by_id.values() if r.ends_at is not None or r.starts_at is not None]
        self.timed = len(timed)
        self._no_starts = all(record.starts_at is None for record in timed)
        self.no_ends = all(record.ends_at is None for record in timed)
        shapes = [(_shape(r.caller_number), _shape(r.receiver_number)) for r in timed]
        self._forms = list(dict.fromkeys(shapes))
        if len(self._forms) > MOST_FORMS:
            self._forms, shapes = [(_BLIND, _BLIND)], [(_BLIND, _BLIND)] * len(timed)
        keys = [
            (shape, _seen(r.caller_number, shape[0]), _seen(r.receiver_number, shape[1]))
            for r, shape in zip(timed, shapes, strict=True)
        ]
        self._shown = [
            _Shown(*key, r.starts_at, r.ends_at) for key, r in zip(keys, timed, strict=True)
        ]
        self._rows = [
            (
                [
                    (form, _seen(row.caller_number, form[0]), _seen(row.receiver_number, form[1]))
                    for form in self._forms
                ],
                row.starts_at,
                row.ends_at,
            )
            for row in sent
        ]
        # A listed record of no row's digits is a stranger's, whatever its times say.
        own = {key for keys_of, _, _ in self._rows for key in keys_of}
        self._shown = [one for one in self._shown if one[:3] in own]
        self.total = len(self._shown)

    @property
    def _sharp(self) -> bool:
        """Whether a stamp came back that is no whole second: hardly by chance."""
        ends = {end for _, _, end in self._rows if end % 1000}
        return any(one.ends_at in ends for one in self._shown)

    def explained(self, habit: Habit) -> int:
        """Return how many records the rows would be shown as, each row at most once."""
        starts, ends = habit
        if self._no_starts:
            starts = _NONE
        if self.no_ends:
            ends = _NONE
        blank_starts, blank_ends = starts.kind is Kind.NONE, ends.kind is Kind.NONE
        listed = Counter(
            (form, caller, receiver, None if blank_starts else start, None if blank_ends else end)
            for form, caller, receiver, start, end in self._shown
        )
        wanted: Counter[tuple[_Form, str, str, int | None, int | None]] = Counter()
        for keys, start, end in self._rows:
            shown_start, shown_end = starts.shown(start), ends.shown(end)
            for form, caller, receiver in keys:
                shown = form, caller, receiver, shown_start, shown_end
                if shown in listed:
                    wanted[shown] += 1
        return (listed & wanted).total()

    def gridded(self) -> Iterable[Habit]:
        """Yield the habits without a shift that keep whole units, for the units that may be."""
        for unit in UNITS_MS:
            if self._on_grid(unit):
                for kind in (Kind.CUT, Kind.ROUNDED, Kind.RAISED):
                    yield Habit(TimeRule(kind, unit), TimeRule(kind, unit))

    def _on_grid(self, unit: int, *, any_residue: bool = False) -> bool:
        if all(start % unit == 0 and end % unit == 0 for _, start, end in self._rows):
            return False  # nothing was sent that the unit could change
        return all(
            self._gathers(unit, values, any_residue=any_residue)
            for values in (
                [one.starts_at for one in self._shown],
                [one.ends_at for one in self._shown],
            )
        )

    def _gathers(self, unit: int, values: Iterable[int | None], *, any_residue: bool) -> bool:
        residues = Counter(value % unit for value in values if value is not None)
        if not residues:
            return True
        most = max(residues.values()) if any_residue else residues[0]
        return most * 2 >= residues.total()

    def unrelated(self, best: int = 0, shifted: int = 0) -> Found:
        """Return that times tell nothing, or nothing certain.

        Args:
            best: how many records some habit without a shift explains.
            shifted: how many some shift explains; a few are always explained by one.
        """
        partly = max(best, self.explained(Habit(_NONE, _SENT)), shifted if shifted >= FEW else 0)
        return Found((NO_RELATION,), 0, self.total, uncertain=0 < partly < self.total)

    def believed(self, habits: Sequence[Habit]) -> Found | None:
        """Return those of the habits that explain most, if that is enough."""
        counts = [self.explained(habit) for habit in habits]
        best = max(counts)
        few = best > 0 and self.total - best <= FEW and counts[0] == best and self._sharp
        if not few and not _enough(best, self.total):
            return None
        chosen = [one for one, count in zip(habits, counts, strict=True) if count == best]
        return Found(tuple(chosen), best, self.total)

    def shifted(self) -> tuple[Habit | None, int]:
        """Return the shift (after cutting or rounding) that explains most, if it stands alone."""
        found: dict[Habit, int] = {}
        rules = [(Kind.SENT, 1)]
        rules += [
            (kind, unit)
            for unit in UNITS_MS
            if self._on_grid(unit, any_residue=True)
            for kind in (Kind.CUT, Kind.ROUNDED, Kind.RAISED)
        ]
        for kind, unit in rules:
            rule = TimeRule(kind, unit)
            starts = [0] if self._no_starts else _shifts(rule, self._starts())
            ends = [0] if self.no_ends else _shifts(rule, self._ends())
            for start, end in product(starts, ends):
                habit = Habit(TimeRule(kind, unit, start), TimeRule(kind, unit, end))
                found[habit] = self.explained(habit)
        if not found:
            return None, 0
        ranked = sorted(found.items(), key=lambda item: -item[1])
        habit, best = ranked[0]
        # The same times under another name are no rival.
        image = self._image(habit)
        rivals = [count for other, count in ranked[1:] if self._image(other) != image]
        unexplained = self.total - best
        shown = {(one.starts_at, one.ends_at) for one in self._shown}
        one_time_fits_any_shift = len(shown.intersection(image)) < 2  # noqa: PLR2004 - two do not
        if max(rivals, default=0) + unexplained >= best or one_time_fits_any_shift:
            return None, best
        return habit, best

    def _image(self, habit: Habit) -> list[tuple[int | None, int | None]]:
        return [(habit.starts.shown(start), habit.ends.shown(end)) for _, start, end in self._rows]

    def _starts(self) -> tuple[set[int], set[int]]:
        shown = {one.starts_at for one in self._shown if one.starts_at is not None}
        return {start for _, start, _ in self._rows}, shown

    def _ends(self) -> tuple[set[int], set[int]]:
        shown = {one.ends_at for one in self._shown if one.ends_at is not None}
        return {end for _, _, end in self._rows}, shown

    def half(self) -> Found | None:
        """Find a habit of one of the two times where the other one has no relation."""
        for habit in (Habit(_SENT, _NONE), Habit(_NONE, _SENT)):
            count = self.explained(habit)
            if not count or (self.total - count) * 4 > count or self._no_starts:
                continue
            sent, shown = self._ends() if habit.tells else self._starts()
            # One time of several rows' may have come there by a shift, from another row's.
            if len(sent) == 1 or len(sent & shown) > 1:
                return Found((habit,), count, self.total)
        return None

    def moved_alike(self) -> bool:
        """Return whether a part of the batch, all moved by one constant, would look as it does."""
        rule = TimeRule()
        shifts = _shifts(rule, self._starts())
        return any(
            self.explained(Habit(TimeRule(shift_ms=shift), TimeRule(shift_ms=shift))) == self.total
            for shift in shifts
            if shift
        )


def _shifts(rule: TimeRule, times: tuple[set[int], set[int]]) -> list[int]:
    sent, shown = times
    before = {at for at in map(rule.shown, sent) if at is not None}
    if len(before) * len(shown) > MOST_PAIRS:
        return []
    votes = Counter(after - earlier for earlier in before for after in shown)
    return [shift for shift, _ in votes.most_common(MOST_SHIFTS)]


class _Shown(NamedTuple):
    """A listed record, as far as it helps to find a habit."""

    form: _Form
    caller: str
    receiver: str
    starts_at: int | None
    ends_at: int | None


_Shape = tuple[int, int]
"""How many digits a number shows before and after what is hidden."""
_Form = tuple[_Shape, _Shape]
_BLIND: _Shape = (0, 0)
_WHOLE: _Shape = (-1, -1)


def _shape(pattern: str) -> _Shape:
    first = pattern.find(MASK)
    if first < 0:
        return _WHOLE if pattern else _BLIND
    return first, len(pattern) - pattern.rfind(MASK) - 1


def _seen(number: str, shape: _Shape) -> str:
    if shape == _BLIND:
        return ""
    if shape == _WHOLE:
        return number
    head, tail = shape
    return number[:head] + MASK + (number[-tail:] if tail else "")
