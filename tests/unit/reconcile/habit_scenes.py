"""Batches on servers that show times in their own way, with the truth of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bulkcall.reconcile.matching import match
from bulkcall.reconcile.status_record import StatusRecord
from bulkcall.records import CallRecord, RowState

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Times = Callable[[int, int, random.Random], tuple[int | None, int | None]]

HOUR = 3_600_000
START = 1_763_700_000_000 + 744
STATES = {"success": RowState.SUCCESS, "error": RowState.ERROR, "processing": RowState.ACCEPTED}


def _cut(unit: int) -> Times:
    return lambda start, end, _: (start // unit * unit, end // unit * unit)


def _rounded(unit: int) -> Times:
    half = unit // 2
    return lambda start, end, _: ((start + half) // unit * unit, (end + half) // unit * unit)


def _moved(starts: int, ends: int, unit: int = 1) -> Times:
    return lambda start, end, _: (start // unit * unit + starts, end // unit * unit + ends)


HABITS: dict[str, Times] = {
    "as sent": lambda start, end, _: (start, end),
    "cut to tenths": _cut(100),
    "cut to seconds": _cut(1000),
    "cut to minutes": _cut(60_000),
    "cut to hours": _cut(HOUR),
    "cut to days": _cut(24 * HOUR),
    "rounded to seconds": _rounded(1000),
    "rounded to minutes": _rounded(60_000),
    "raised to seconds": lambda start, end, _: (-(-start // 1000) * 1000, -(-end // 1000) * 1000),
    "another time zone": _moved(19_800_000, 19_800_000),
    "time zone and whole seconds": _moved(-19_800_000, -19_800_000, 1000),
    "one constant for starts, one for ends": _moved(-7_000, 1_234_567),
    "a span of 32 hours": lambda start, _, __: (start, start + 32 * HOUR),
    "starts of its own": lambda _, end, dice: (START + dice.randrange(10**6), end),
    "no relation": lambda _, __, dice: (dice.randrange(10**12), dice.randrange(10**12)),
    "no times at all": lambda _, __, ___: (None, None),
    "starts alone": lambda start, _, __: (start, None),
}
MASKS = ("whole", "part", "full")
DEVIATIONS = ("nothing", "missing", "doubled", "foreign", "missing and foreign", "partial answer")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as sent."""

    row: int
    record: CallRecord


@dataclass(frozen=True, slots=True)
class HabitScene:
    """A batch, its listing on a server with a habit, and the words it has for each row."""

    rows: list[Row]
    listed: list[StatusRecord]
    truth: dict[int, set[str]]
    foreign: set[str]
    partial: bool
    """Processing is not over: what is not listed may be later."""


def make_scene(habit: str, mask: str, deviation: str, ends: str, dice: random.Random) -> HabitScene:
    """Make one batch and its listing.

    `ends` says how rows end: `success`, `error` or `mixed`. Rows share starts or don't, are stamped
    or not, look alike or not, as the dice fall.
    """
    rows = _rows(dice)
    times = HABITS[habit]
    truth: dict[int, set[str]] = {row.row: set() for row in rows}
    foreign: set[str] = set()
    listed: list[StatusRecord] = []
    left_out = set()
    if "missing" in deviation and len(rows) > 1:
        left_out = set(dice.sample(range(len(rows)), dice.randint(1, min(2, len(rows) - 1))))
    if deviation == "partial answer":
        left_out = set(dice.sample(range(len(rows)), dice.randrange(len(rows))))
    for place, row in enumerate(rows):
        if place in left_out:
            continue
        word = ends if ends != "mixed" else dice.choice(["success", "success", "error"])
        if deviation == "partial answer" and dice.random() < 0.3:
            word = "processing"
        shown = _listed(row.record, f"id-{row.row}", word, mask, times, dice)
        listed.append(shown)
        truth[row.row].add(word)
        if deviation == "doubled" and (dice.random() < 0.3 or len(listed) == len(rows)):
            again = word if dice.random() < 0.5 or ends != "mixed" else "error"
            listed.append(shown._replace(record_id=f"id-{row.row}-b", **_worded(again)))
            truth[row.row].add(again)
    if "foreign" in deviation:
        for number in range(dice.randint(1, max(1, len(listed) // 4))):
            stranger = _stranger(habit, mask, rows, left_out, number, times, dice)
            if stranger is not None:
                listed.append(stranger)
                foreign.add(stranger.record_id)
    dice.shuffle(listed)
    return HabitScene(rows, listed, truth, foreign, deviation == "partial answer")


def judge(scene: HabitScene) -> dict[str, int]:
    """Match a scene; count rows that are right, said to be unknown, and wrong."""
    counts = {"right": 0, "unknown": 0, "wrong": 0}
    for verdict in match(scene.rows, scene.listed).verdicts:
        words = scene.truth[verdict.row]
        if verdict.state is RowState.ACCEPTED:
            right = words == {"processing"} or (not words and scene.partial)
            counts["right" if right else "unknown"] += 1
            assert verdict.message, "an open row says why"
        elif verdict.state is RowState.MISSING:
            counts["wrong" if words else "right"] += 1
        else:
            counts["right" if words == {STATES_BACK[verdict.state]} else "wrong"] += 1
    return counts


STATES_BACK = {state: word for word, state in STATES.items()}


def _rows(dice: random.Random) -> list[Row]:
    count = dice.choice([1, 2, 3, 8, 40])
    stamped, own_window, alike = dice.random() < 0.7, dice.random() < 0.4, dice.random() < 0.5
    base = START - dice.choice([0, 744])  # a window from now on, or from a whole second
    rows = []
    for place in range(count):
        late = dice.randrange(48) * 15 * 60_000 if own_window else 0
        start = base + late
        end = start + dice.choice([1, 2, 8]) * HOUR if own_window else base + 8 * HOUR
        record = CallRecord(
            f"91800000000{dice.randrange(2)}",
            f"9198765{dice.randrange(20):02}{place:03}",
            start,
            end - place if stamped else end,
            None if alike else dice.choice(["label-a", "label-b"]),
            "Parcel team",
            None if alike else dice.choice(["Your parcel comes", "Your card is ready"]),
        )
        rows.append(Row(place + 1, record))
    return rows


def _listed(  # noqa: PLR0917 - a scene's parts
    record: CallRecord, record_id: str, word: str, mask: str, times: Times, dice: random.Random
) -> StatusRecord:
    start, end = times(record.starts_at, record.ends_at, dice)
    return StatusRecord(
        record_id,
        _masked(record.caller_number, mask),
        _masked(record.receiver_number, mask),
        mask == "whole",
        start,
        end,
        record.label_id or "",
        record.dynamic_label_name or "",
        record.dynamic_call_reason or "",
        **_worded(word),
    )


def _worded(word: str) -> dict[str, object]:
    message = "Not a Truecaller user" if word == "error" else ""
    return {"status": word, "state": STATES[word], "message": message}


def _masked(number: str, mask: str) -> str:
    if mask == "whole":
        return number
    return "************" if mask == "full" else f"{number[:2]}******{number[-4:]}"


UNTIMED = {"no relation", "no times at all", "a span of 32 hours", "starts alone"}
MOVED = {
    "another time zone",
    "time zone and whole seconds",
    "one constant for starts, one for ends",
}
FEW = 3
"""With no more records than this, some shift explains too much of any listing."""


def _stranger(  # noqa: PLR0917 - a scene's parts
    habit: str,
    mask: str,
    rows: list[Row],
    left_out: set[int],
    number: int,
    times: Times,
    dice: random.Random,
) -> StatusRecord | None:
    """List a record that was never sent, and that something tells from those that were.

    Where neither digits nor times can, and a row is left out too, nothing could: none is listed.
    """
    like = dice.choice(rows).record
    word = dice.choice(["success", "error"])
    if mask != "full":
        other = replace(like, receiver_number=f"9177777{55_900 + number:05}")
        return _listed(other, f"foreign-{number}", word, mask, times, dice)
    if left_out and (habit in UNTIMED or (habit in MOVED and len(rows) - len(left_out) <= FEW)):
        return None
    elsewhere = replace(
        like, starts_at=like.starts_at - 90 * HOUR - 123, ends_at=like.ends_at - 90 * HOUR - 77_777
    )
    return _listed(elsewhere, f"foreign-{number}", word, mask, times, dice)
