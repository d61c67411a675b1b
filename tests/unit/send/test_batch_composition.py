"""Composing and stamping batches."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bulkcall.ledger import ReadyRow
from bulkcall.records import CallRecord, RowState
from bulkcall.send.batch_composition import (
    SPREAD_BATCHES,
    STAMP_ROOM_MS,
    Span,
    assign,
    compose,
    stamp_span,
)

BASE = 1_800_000_000_000
DAY = 86_400_000


def ready(row, starts, ends, name="Delivery"):
    """A waiting row."""
    record = CallRecord("918045000000", f"91981{row:07d}", starts, ends, None, name)
    return ReadyRow(row, record, 0, 0, RowState.READY)


def looks(row, stamp):
    """What is left of a record when its numbers are masked."""
    return (row.record.starts_at, stamp, row.record.dynamic_label_name)


spans = st.lists(
    st.builds(lambda high, room: Span(high - room, high), st.integers(0, 60), st.integers(0, 12)),
    max_size=40,
)

campaigns = st.lists(
    st.tuples(
        st.integers(0, 5).map(lambda s: BASE + 1000 * s),
        st.one_of(st.integers(1, 40), st.integers(1, DAY), st.just(3_600_000)),
        st.sampled_from(["Delivery", "Payment"]),
    ),
    min_size=1,
    max_size=60,
).map(lambda rows: [ready(n, s, s + w, name) for n, (s, w, name) in enumerate(sorted(rows), 1)])


@given(spans)
def test_assigned_points_lie_in_their_spans_and_are_all_different(wanted):
    """Each point is one that its span allows, and no two spans share one."""
    points = assign(wanted)
    given_ = [point for point in points if point is not None]
    assert len(given_) == len(set(given_))
    assert all(
        span.low <= point <= span.high
        for span, point in zip(wanted, points, strict=True)
        if point is not None
    )


@given(spans)
def test_a_point_is_missing_only_if_it_must_be(wanted):
    """As many spans are served as any assignment could serve (checked by augmenting paths)."""
    assert sum(point is not None for point in assign(wanted)) == most_that_fit(wanted)


@given(spans)
def test_the_first_of_each_end_keeps_it_where_all_can_be_served_so(wanted):
    """A stamp is moved only for a record that shares its end with an earlier one."""
    firsts = {}
    for index, span in enumerate(wanted):
        firsts.setdefault(span.high, index)
    pinned = [
        Span(span.high, span.high) if firsts[span.high] == index else span
        for index, span in enumerate(wanted)
    ]
    assume(most_that_fit(pinned) == len(wanted))
    points = assign(wanted)
    assert all(points[index] == high for high, index in firsts.items())


@given(campaigns, st.integers(1, 60), st.booleans(), st.integers(BASE - DAY, BASE + DAY))
def test_a_batch_keeps_the_rules_of_the_contract(rows, size, stamp, floor):
    """Some rows, each once, at most `size`; stamps at most a second early and after starts_at."""
    placed = compose(rows, size=size, stamp=stamp, floor=floor)
    by_number = {row.row: row for row in rows}
    assert 1 <= len(placed) <= size
    assert len({place.row for place in placed}) == len(placed)
    for place in placed:
        record = by_number[place.row].record
        assert record.starts_at < place.ends_at <= record.ends_at
        assert record.ends_at - place.ends_at <= STAMP_ROOM_MS
        assert place.ends_at == record.ends_at or place.ends_at > floor
        assert stamp or place.ends_at == record.ends_at


@given(campaigns, st.integers(1, 60))
def test_a_stamped_batch_has_no_two_alike(rows, size):
    """With few rows of a kind, no two of a batch look alike under full masking."""
    placed = compose(rows, size=size, stamp=True, floor=0)
    by_number = {row.row: row for row in rows}
    classes = [looks(row, row.record.ends_at) for row in rows]
    assume(max(classes.count(kind) for kind in classes) <= SPREAD_BATCHES)
    seen = [looks(by_number[place.row], place.ends_at) for place in placed]
    assert len(seen) == len(set(seen))


@given(campaigns, st.integers(1, 20), st.booleans())
@settings(deadline=None)
def test_batch_after_batch_every_row_goes(rows, size, stamp):
    """Left rows go in later batches, until none is left."""
    left = list(rows)
    while left:
        gone = {place.row for place in compose(left, size=size, stamp=stamp, floor=0)}
        assert gone
        left = [row for row in left if row.row not in gone]


def test_a_full_batch_of_one_window_gets_500_stamps_of_its_own():
    """The usual campaign, every row with the same window: 500 different stamps within a second."""
    rows = [ready(n, BASE, BASE + 3_600_000) for n in range(1, 626)]
    placed = compose(rows, size=500, stamp=True, floor=BASE)
    assert [place.row for place in placed] == list(range(1, 501))
    assert {place.ends_at for place in placed} == {BASE + 3_600_000 - n for n in range(500)}


def test_rows_with_different_ends_are_not_stamped():
    """Where the ends differ already, every row goes out with its own."""
    rows = [ready(n, BASE, BASE + 3_600_000 + n) for n in range(1, 200)]
    assert all(
        place.ends_at == row.record.ends_at
        for row, place in zip(rows, compose(rows, size=500, stamp=True, floor=BASE), strict=True)
    )


def test_without_stamps_look_alikes_are_spread():
    """`stamp = false`: of two rows that look alike one waits for another batch."""
    rows = [ready(1, BASE, BASE + 10_000), ready(2, BASE, BASE + 10_000), ready(3, BASE, BASE + 99)]
    placed = compose(rows, size=500, stamp=False, floor=BASE)
    assert [place.row for place in placed] == [1, 3]


def test_look_alikes_that_cannot_be_helped_fill_the_batch():
    """`stamp = false` and a whole campaign alike: full batches, not batches of one."""
    rows = [ready(n, BASE, BASE + 10_000) for n in range(1, 626)]
    assert len(compose(rows, size=500, stamp=False, floor=BASE)) == 500


def test_windows_with_fewer_stamps_than_rows_are_spread_over_batches():
    """500 rows with a window of 300 ms: the first batch takes the 300 that can be told apart."""
    rows = [ready(n, BASE, BASE + 300) for n in range(1, 501)]
    placed = compose(rows, size=500, stamp=True, floor=0)
    assert sorted(place.ends_at for place in placed) == [BASE + n for n in range(1, 301)]


def test_a_window_of_a_few_milliseconds_leaves_little_room():
    """Never at or before starts_at: of five rows with a window of 3 ms, three fit into a batch."""
    rows = [ready(n, BASE, BASE + 3) for n in range(1, 6)]
    placed = compose(rows, size=500, stamp=True, floor=0)
    assert sorted(place.ends_at for place in placed) == [BASE + 1, BASE + 2, BASE + 3]


def test_no_stamp_in_the_past():
    """A row that ends within the request's way there keeps its own end."""
    row = ready(1, BASE, BASE + 3_600_000)
    assert stamp_span(row, floor=BASE + 3_600_000) == Span(BASE + 3_600_000, BASE + 3_600_000)


def most_that_fit(wanted):
    """The size of a largest matching of spans and points."""
    owner = {}

    def place(index, tried):
        for point in range(wanted[index].low, wanted[index].high + 1):
            if point in tried:
                continue
            tried.add(point)
            if point not in owner or place(owner[point], tried):
                owner[point] = index
                return True
        return False

    return sum(place(index, set()) for index in range(len(wanted)))


@given(campaigns, st.sampled_from([0, 1000, 60_000]))
def test_where_stamps_do_not_tell_look_alikes_are_kept_apart_by_their_words(rows, unit_ms):
    """Where times are kept in units or tell nothing, rows alike but for their stamps are spread."""
    placed = compose(rows, size=20, stamp=True, floor=BASE - DAY, unit_ms=unit_ms)
    by_row = {row.row: row for row in rows}
    picked = [by_row[place.row] for place in placed]
    assert [place.ends_at for place in placed] == [row.record.ends_at for row in picked]
    unit = unit_ms or 10**18
    seen = [
        (row.record.starts_at // unit, row.record.ends_at // unit, row.record.dynamic_label_name)
        for row in picked
    ]
    helpless = len(rows) > SPREAD_BATCHES
    assert helpless or len(set(seen)) == len(seen)


def test_words_fill_a_batch_where_stamps_do_not_tell():
    """Four labels in turn: a batch of four holds one of each, whatever their times."""
    rows = [ready(n, BASE, BASE + 3_600_000, f"Label {n % 4}") for n in range(1, 13)]
    placed = compose(rows, size=4, stamp=True, floor=BASE, unit_ms=0)
    assert [place.row for place in placed] == [1, 2, 3, 4]
    placed = compose(rows[::4], size=4, stamp=True, floor=BASE, unit_ms=0)
    assert len(placed) == 1
