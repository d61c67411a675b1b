"""Columns of times: the column reader agrees with the scalar one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.validate.time_columns import TimeColumnReader

READERS = [
    TimeColumnReader("Asia/Kolkata", ""),
    TimeColumnReader("Europe/Berlin", "dmy"),
    TimeColumnReader("", ""),
    TimeColumnReader("America/New_York", "%Y-%d-%m %H:%M"),
]

moments = st.datetimes(datetime(1902, 1, 1), datetime(2300, 1, 1))  # noqa: DTZ001 - zones are drawn
zones = st.one_of(
    st.none(),
    st.just(UTC),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
precisions = st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"])


@st.composite
def iso_texts(draw):
    """ISO times, most of them whole, some with a character changed."""
    moment = draw(moments).replace(tzinfo=draw(zones))
    text = moment.isoformat(draw(st.sampled_from("T ")), draw(precisions))
    text = text.replace("+00:00", draw(st.sampled_from(["Z", "+00:00"])))
    if draw(st.integers(0, 3)) == 0:
        text = text.replace("-", "/", draw(st.sampled_from([1, 2])))
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + draw(st.sampled_from("0123456789-:T.Z/+ \u00e9")) + text[at + 1 :]
    return text


@pytest.mark.parametrize("reader", READERS, ids=["kolkata", "berlin-dmy", "none", "pattern"])
@settings(max_examples=60)
@given(
    texts=st.lists(st.one_of(iso_texts(), st.text("0123456789-:T/. Z", max_size=26)), min_size=1)
)
def test_a_column_is_read_as_its_cells_are(reader, texts):
    """Whatever stands in the cells, both readers give the same."""
    times = reader._read(pa.array(texts, pa.string()))
    got = list(zip(times.readings.tolist(), times.epoch_ms.tolist(), strict=True))
    assert got == [reader.moments.read(text) for text in texts]


def test_a_day_of_changing_clocks_is_read_as_its_cells_are():
    """Each minute of the two days on which Berlin changes its clocks."""
    reader = READERS[1]
    texts = [
        (start + timedelta(minutes=minute)).isoformat()
        for start in (datetime(2026, 3, 29), datetime(2026, 10, 25))  # noqa: DTZ001 - wall clock
        for minute in range(360)
    ]
    times = reader._read(pa.array(texts))
    got = list(zip(times.readings.tolist(), times.epoch_ms.tolist(), strict=True))
    assert got == [reader.moments.read(text) for text in texts]


def test_the_first_and_the_last_days_of_the_calendar_are_read_as_their_cells_are():
    """Year 1 and year 9999: sums of days, minutes and milliseconds run over nowhere."""
    texts = [
        f"{year:04d}-{day}T23:59:59.999Z"
        for year in (1, 4, 100, 1969, 1970, 6053, 6054, 9999)
        for day in ("01-01", "02-28", "03-01", "12-31")
    ]
    times = READERS[0]._read(pa.array(texts))
    got = list(zip(times.readings.tolist(), times.epoch_ms.tolist(), strict=True))
    assert got == [READERS[0].moments.read(text) for text in texts]
    assert times.epoch_ms[-1] == 253402300799999


def test_a_slice_of_a_column_is_read_from_its_own_place():
    """An array that begins within its buffer gives its own cells."""
    texts = [f"2026-04-{day:02d}T10:00:00+05:30" for day in range(1, 29)]
    times = READERS[0]._read(pa.array(texts).slice(10, 5))
    assert times.epoch_ms.tolist() == [READERS[0].moments.read(text)[1] for text in texts[10:15]]


def test_a_column_that_repeats_is_read_by_its_distinct_texts():
    """Many cells with few distinct texts give what each text gives."""
    times = READERS[0].read(pa.array(["2026-04-03T10:00", "soon"] * 1000))
    assert times.epoch_ms.tolist() == [1775190600000, 0] * 1000
