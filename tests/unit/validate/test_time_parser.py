"""One point in time at a time (contract, Times)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import UsageError
from bulkcall.validate.time_forms import order_of, proposed_format
from bulkcall.validate.time_parser import TimeParser, TimeReading

IN = TimeParser("Asia/Kolkata", "")
NOWHERE = TimeParser("", "")
TEN = int(datetime(2026, 4, 3, 4, 30, tzinfo=UTC).timestamp()) * 1000
"""2026-04-03T10:00 in India."""


def ok(value):
    """Give what a reader says of a good time."""
    return TimeReading.OK, value


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-03T10:00:00+05:30",
        "2026-04-03T04:30:00Z",
        "2026-04-03t04:30:00z",
        "2026-04-03 10:00+0530",
        "2026-04-03 10:00:00 +05:30",
        "2026-04-02T23:30:00-05",
        "2026-04-03T10:00:00.000+05:30",
        "20260403T100000+0530",
        "2026-W14-5T10:00+05:30",
        "2026-093T10:00+05:30",
        "2026-04-02T24:00-04:30",
    ],
)
def test_iso_8601_with_an_offset_needs_no_zone(text):
    """Contract: 'ISO 8601 with an offset'."""
    assert NOWHERE.read(text) == ok(TEN)


@pytest.mark.parametrize(
    "text", ["2026-04-03T10:00", "2026-04-03 10:00:00", "2026-04-03T10:00:00.000", "20260403T1000"]
)
def test_iso_8601_without_an_offset_is_in_the_set_zone(text):
    """Contract: 'without one, in the set time zone', and invalid where none is set."""
    assert IN.read(text) == ok(TEN)
    assert NOWHERE.read(text) == (TimeReading.NO_ZONE, 0)


def test_fractions_of_a_second_are_kept_to_the_millisecond():
    """Records hold milliseconds; finer figures are cut, not rounded up."""
    assert IN.read("2026-04-03T10:00:00.1239+05:30") == ok(TEN + 123)
    assert IN.read("2026-04-03T10:00:00,5+05:30") == ok(TEN + 500)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (str(TEN), TEN),
        (str(TEN // 1000), TEN),
        (f"{TEN // 1000}.25", TEN + 250),
        (f"{TEN}.0", TEN),
    ],
)
def test_epoch_seconds_and_milliseconds_are_told_by_their_digits(text, value):
    """Contract: 'epoch seconds or milliseconds': 10 digits or 13, 2001 to 2286 in both."""
    assert NOWHERE.read(text) == ok(value)


@pytest.mark.parametrize("text", [f"{TEN}000", f"{TEN}000000"])
def test_finer_epochs_are_named(text):
    """Microseconds and nanoseconds are not among the forms."""
    assert IN.read(text) == (TimeReading.FINER_EPOCH, 0)


@pytest.mark.parametrize("text", ["46115.4166666667", "46115.416666666664", "46115.41666667"])
def test_spreadsheet_dates_are_days_since_1900_in_the_set_zone(text):
    """Contract: 'spreadsheet dates'; rounded to the second, as spreadsheets show them."""
    assert IN.read(text) == ok(TEN)
    assert NOWHERE.read(text) == (TimeReading.NO_ZONE, 0)


def test_spreadsheet_dates_and_epochs_never_overlap():
    """Each run of digits is one form: 5, 10 and 13 of them, and no other number is a time."""
    assert IN.read("36526") == ok(
        int(datetime(2000, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")).timestamp()) * 1000
    )
    for text in ["36525", "73051", "9" * 6, "9" * 9, "9" * 11, "9" * 12, "9" * 14, "46115.5.5"]:
        assert IN.read(text) == (TimeReading.UNREADABLE, 0)


@pytest.mark.parametrize("text", ["03/04/2026", "03/04/2026 10:00", "12/1/26 9:00", "3-4-26"])
def test_a_date_whose_order_is_open_is_invalid(text):
    """Contract: 'A date like 03/04/2026 is invalid unless --date-format'."""
    assert IN.read(text) == (TimeReading.DATE_ORDER, 0)


@pytest.mark.parametrize(
    ("text", "order"),
    [("30/11/2026 23:00", "dmy"), ("25.12.2026", "dmy"), ("11/30/2026 23:00", "mdy")],
)
def test_a_date_of_one_order_says_which(text, order):
    """30/11/2026 is not ambiguous: the message names the order that fits."""
    assert IN.read(text) == (TimeReading.NEEDS_FORMAT, 0)
    assert order_of(text) == order
    assert IN.read("31/11/2026 10:00") == (TimeReading.IMPOSSIBLE, 0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-03 10:00 AM",
        "2026/04/03 10:00",
        "2026/4/3 10:00:00",
        "2026.04.03 10:00",
        "2026/04/03T10:00",
        "20260403100000",
    ],
)
def test_year_first_forms_are_certain(text):
    """Contract: four digits of the year first leave no doubt, whatever --date-format says."""
    assert IN.read(text) == ok(TEN)
    assert TimeParser("Asia/Kolkata", "dmy").read(text) == ok(TEN)


def test_a_clock_of_one_digit_or_with_am_and_pm_is_read():
    """9:00, 12:30 AM, 05:00 PM."""
    day = TEN - 36_000_000
    assert IN.read("2026-04-03 9:00") == ok(day + 32_400_000)
    assert IN.read("2026-04-03 12:30 AM") == ok(day + 1_800_000)
    assert IN.read("2026-04-03 05:00 PM") == ok(day + 61_200_000)
    assert IN.read("2026-04-03 17:00 PM") == (TimeReading.IMPOSSIBLE, 0)


@pytest.mark.parametrize(
    "text",
    [
        "03-Apr-2026 10:00",
        "3 Apr 2026 10:00 AM",
        "3rd April 2026, 10:00",
        "Apr 3, 2026 10:00",
        "April 3 2026 10:00",
        "2026-Apr-03 10:00",
        "Fri, 03 Apr 2026 10:00:00 +0530",
        "03/Apr/2026 10:00",
    ],
)
def test_month_names_are_certain(text):
    """The month's name and four digits of the year leave no doubt."""
    assert IN.read(text) == ok(TEN)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Sat, 03 Apr 2026 10:00", TimeReading.IMPOSSIBLE),
        ("31 Apr 2026 10:00", TimeReading.IMPOSSIBLE),
        ("3 Apr 2026", TimeReading.DATE_ONLY),
        ("3 Foo 2026 10:00", TimeReading.UNREADABLE),
        ("#N/A", TimeReading.ERROR_WORD),
        ("null", TimeReading.NULL_WORD),
    ],
)
def test_what_contradicts_itself_or_is_damaged_is_named(text, reading):
    """A wrong day of the week, no such day, no time of day, no month, a spreadsheet's error."""
    assert IN.read(text) == (reading, 0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-03 04:30:00 UTC",
        "2026-04-03T04:30 GMT",
        "2026-04-03 10:00 UTC+05:30",
        "2026/04/03 10:00 GMT+5:30",
        "2026-04-03T10:00+05:30[Asia/Kolkata]",
        "2026-04-03T04:30Z[UTC]",
        "2026-04-03T10:00[Asia/Kolkata]",
    ],
)
def test_utc_and_a_zone_in_brackets_are_certain(text):
    """ISO 8601's cousins; a zone's name that contradicts the offset is refused."""
    assert NOWHERE.read(text) == ok(TEN)
    assert NOWHERE.read("2026-04-03T10:00+02:00[Asia/Kolkata]") == (TimeReading.UNREADABLE, 0)


@pytest.mark.parametrize(
    "text",
    [
        "03-Apr-26 10:00",
        "3 April 26 10:00 AM",
        "2026-04-03T10.00",
        "2026-04-03T10:00:00 IST",
        "2026-04-03 10.00.00",
        "03 Apr 2026 10.00",
    ],
)
def test_a_proposed_format_reads_the_text(text):
    """Contract: otherwise the message proposes a --date-format that works."""
    assert IN.read(text) == (TimeReading.UNREADABLE, 0)
    assert TimeParser("Asia/Kolkata", proposed_format(text)).read(text) == ok(TEN)


def test_nothing_is_proposed_for_what_is_no_time():
    """A word, a number, a day that does not exist."""
    assert [proposed_format(text) for text in ("soon", "12", "2026-02-30T10.00")] == [""] * 3


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("dmy", "03/04/2026 10:00"),
        ("dmy", "3.4.2026 10:00:00"),
        ("DMY", "03-04-26, 10:00 am"),
        ("mdy", "04/03/2026 10:00"),
        ("mdy", "4/3/2026 10:00 A.M."),
        ("ymd", "2026/04/03 10:00"),
        ("dmy", "03/04/2026 04:30Z"),
        ("%d %b %Y %H:%M", "03 Apr 2026 10:00"),
        ("%d/%m/%Y %I.%M %p", "03/04/2026 10.00 AM"),
        ("%Y%m%d%H%M%S%z", "20260403100000+0530"),
    ],
)
def test_the_date_format_settles_the_order(order, text):
    """Contract: 'dmy, mdy, ymd or a strptime pattern'; other forms stay understood."""
    moments = TimeParser("Asia/Kolkata", order)
    assert moments.read(text) == ok(TEN)
    assert moments.read("2026-04-03T10:00+05:30") == ok(TEN)
    assert moments.read(str(TEN)) == ok(TEN)


def test_an_afternoon_is_twelve_hours_later():
    """12 AM is midnight, 12 PM noon, and 13 PM is no time."""
    moments = TimeParser("UTC", "dmy")
    day = int(datetime(2026, 4, 3, tzinfo=UTC).timestamp()) * 1000
    assert moments.read("03/04/2026 12:00 AM") == ok(day)
    assert moments.read("03/04/2026 12:30 PM") == ok(day + 45_000_000)
    assert moments.read("03/04/2026 13:00 PM") == (TimeReading.IMPOSSIBLE, 0)


@pytest.mark.parametrize(
    "pattern", ["%d/%m/%Y", "%H:%M", "dd/mm/yyyy", "%d/%m %H:%M", "%Q", "%I:%M %d/%m/%Y", "dym"]
)
def test_a_pattern_that_loses_part_of_a_time_is_wrong_usage(pattern):
    """Nothing is guessed, so a pattern has to hold a whole time."""
    with pytest.raises(UsageError, match=r"--date-format .* does not hold a whole time"):
        TimeParser("Asia/Kolkata", pattern)


def test_an_unknown_zone_is_wrong_usage():
    """The zone comes from the user: one line says what is wrong."""
    for name in ["Asia/Nowhere", "../etc/passwd", "+05:30"]:
        with pytest.raises(UsageError, match=r"time zone .* is unknown"):
            TimeParser(name, "")


def test_a_date_without_a_time_of_day_is_invalid():
    """It may mean the day's start or its end; the midnight of a date cell is written out."""
    assert IN.read("2026-04-03") == (TimeReading.DATE_ONLY, 0)
    assert IN.read("2026-04-03T00:00:00") == ok(TEN - 36_000_000)


def test_a_time_that_occurs_twice_or_never_is_invalid():
    """Contract: 'so is one that occurs twice or never'; with an offset both are certain."""
    berlin = TimeParser("Europe/Berlin", "")
    assert berlin.read("2026-10-25T02:30") == (TimeReading.TWICE, 0)
    assert berlin.read("2026-03-29T02:30") == (TimeReading.NEVER, 0)
    assert berlin.read("2026-10-25T03:00")[0] is TimeReading.OK
    assert berlin.read("2026-03-29T03:00")[0] is TimeReading.OK
    assert berlin.read("2026-10-25T02:30+01:00")[0] is TimeReading.OK


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T10:00Z",
        "2026-13-01T10:00Z",
        "2026-04-03T25:00Z",
        "2026-04-03T10:60Z",
        "2026-04-03T10:00:60Z",
        "2026-04-03T24:01Z",
        "2026-04-03T10:00+24:00",
        "2026-04-03T10:00+05:60",
        "2025-366T10:00Z",
        "2026-W54-1T10:00Z",
        "0000-01-01T10:00Z",
        "9999-12-31T24:00Z",
    ],
)
def test_an_impossible_time_is_named(text):
    """A day or hour that does not exist is not moved to one that does."""
    assert IN.read(text) == (TimeReading.IMPOSSIBLE, 0)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("", TimeReading.EMPTY),
        ("2026-04-03", TimeReading.DATE_ONLY),
        ("1.77519E+12", TimeReading.SCIENTIFIC),
        ("tomorrow", TimeReading.UNREADABLE),
        ("10:00", TimeReading.UNREADABLE),
        ("now", TimeReading.UNREADABLE),
        ("2026-04-03T10:00 IST", TimeReading.UNREADABLE),
    ],
)
def test_what_is_no_whole_time_says_which_kind(text, reading):
    """Nothing is guessed: no time of day, no zone abbreviation, no word."""
    assert IN.read(text) == (reading, 0)


times = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1))  # noqa: DTZ001 - zones are drawn
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(times, offsets, st.sampled_from(["seconds", "milliseconds", "microseconds"]))
def test_iso_times_agree_with_datetime(moment, offset, precision):
    """Whatever `datetime.isoformat` writes is read as that moment, cut to milliseconds."""
    moment = moment.replace(tzinfo=offset)
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if precision == "seconds":
        expected -= expected % 1000
    assert NOWHERE.read(moment.isoformat(timespec=precision)) == ok(expected)


@given(times, st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]))
def test_local_times_agree_with_zoneinfo(moment, zone):
    """A local time is read as zoneinfo has it, or refused because it is not one moment."""
    moment = moment.replace(microsecond=0)
    reading, value = TimeParser(zone, "").read(moment.isoformat())
    aware = moment.replace(tzinfo=ZoneInfo(zone))
    if reading is TimeReading.OK:
        assert value == int(aware.timestamp()) * 1000
        assert datetime.fromtimestamp(value / 1000, ZoneInfo(zone)).replace(tzinfo=None) == moment
    else:
        assert aware.utcoffset() != aware.replace(fold=1).utcoffset()


@given(times)
def test_spreadsheet_dates_agree_with_their_definition(moment):
    """Days since 1899-12-30 with a fraction of a day, written as a spreadsheet does."""
    moment = moment.replace(microsecond=0, year=2000 + moment.year % 100, day=min(moment.day, 28))
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001 - wall clock
    expected = int(moment.replace(tzinfo=UTC).timestamp()) * 1000
    assert TimeParser("UTC", "").read(f"{serial:.10f}") == ok(expected)
