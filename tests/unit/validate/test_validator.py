"""Findings and records of a chunk, and the options that stand for columns."""

from __future__ import annotations

import pytest

from bulkcall.errors import UsageError
from bulkcall.records import Field, RowFault, RowRule
from bulkcall.validate import ValidateOptions, Validator
from bulkcall.validate.options import parse_window
from tests.unit.validate.conftest import GOOD, NOW_MS, campaign_file, chunk_of

C, R, L, N, W, S, E = Field


def test_all_findings_of_a_row_are_kept_and_the_most_helpful_is_first(check):
    """One finding per rule and cell; field and message name the first."""
    checked = check({}, {W: "Call!", S: "03/04/2026", R: "9.19877E+11"})
    found = [(each["field"], each["code"]) for each in checked.findings.to_pylist()]
    assert found == [
        ("receiver_number", "number.scientific"),
        ("dynamic_call_reason", "reason.too_short"),
        ("dynamic_call_reason", "reason.characters"),
        ("starts_at", "time.ambiguous"),
    ]
    assert checked.records["field"].to_pylist() == [None, "receiver_number"]
    assert checked.records["valid"].to_pylist() == [True, False]
    assert checked.records["identity"].is_valid().to_pylist() == [True, False]


def test_findings_name_row_line_value(check):
    """Findings as a frame: row, line, field, code, value, message."""
    checked = check({}, {N: " AB "})
    assert checked.findings.to_pylist() == [
        {
            "row": 2,
            "line": 3,
            "field": "dynamic_label_name",
            "code": "name.too_short",
            "value": "AB",
            "message": "too short (2 characters); must be 3 to 40",
        }
    ]


def test_what_could_be_read_of_an_invalid_row_is_kept(check):
    """A record's value is null only where it could not be read."""
    row = check({R: "x"}).records.to_pylist()[0]
    assert (row["caller_number"], row["receiver_number"]) == (919876543210, None)
    assert row["starts_at"] == 1775190600000


def test_a_surplus_cell_makes_its_row_invalid():
    """Contract: 'a surplus cell that holds something makes its row invalid'; said first."""
    fault = RowFault(RowRule.SURPLUS_CELLS, "surplus cell 'x'")
    chunk = chunk_of([GOOD, {**GOOD, C: ""}], first_row=11, faults={12: fault})
    checked = Validator(campaign_file(), ValidateOptions(now_ms=NOW_MS)).check(chunk)
    found = [(each["row"], each["field"], each["code"]) for each in checked.findings.to_pylist()]
    assert found == [(12, "", "row.surplus_cells"), (12, "caller_number", "number.missing")]
    assert checked.records["message"].to_pylist() == [None, "surplus cell 'x'"]


def test_an_empty_chunk_is_checked_too(check):
    """A chunk without rows has records and findings without rows."""
    checked = check()
    assert (checked.records.num_rows, checked.findings.num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({R: "9.19877E+11"}, "format the column as Text"),
        ({R: "79876543210"}, "valid only as a number of Russia (+7), not in the region IN"),
        ({R: "79876543210"}, "--countries RU"),
        ({R: "5555555555"}, "not a valid phone number (region IN)"),
        ({R: "123456"}, "too short (6 digits); leading digits may be missing"),
        ({R: "98765432100"}, "too long (11 digits)"),
        ({R: "98765\u200d43210"}, "U+200D"),
        ({R: "98765x43210"}, "contains characters not allowed in a phone number"),
        ({S: "03/04/2026 10:00"}, "ambiguous date; add --date-format dmy (or mdy, ymd)"),
        ({S: "30/11/2026 10:00"}, "add --date-format dmy"),
        ({S: "03-Apr-26 10:00"}, "add --date-format '%d-%b-%y %H:%M'"),
        ({S: "soon"}, "not a recognised time; use 2026-04-03T10:00+05:30"),
        ({S: "2026-04-03"}, "add the time, e.g. 2026-04-03T10:00"),
        ({W: "Call now! Win $$$"}, 'contains "!" "$", which is not allowed'),
        ({E: "2026-03-31T10:00Z", S: "2026-03-31T09:00Z"}, "end time is in the past"),
        ({L: "", N: ""}, "missing label; set label_id or label"),
    ],
)
def test_messages_say_what_to_do(message_of, change, words):
    """The commonest mistakes: what is wrong, and the way out."""
    assert words in message_of(change)


def test_a_time_without_zone_says_how_to_set_one(message_of):
    """Contract, Times: the message names the setting."""
    assert "BULKCALL_TIMEZONE" in message_of({S: "2026-04-03T10:00"}, region="FR")


@pytest.mark.parametrize("start", ["now", " NOW ", str(NOW_MS), str(NOW_MS // 1000)])
def test_start_and_window_give_every_row_the_same_window(check, start):
    """Contract: `--start` (any form of time, or `now`) and `--window`."""
    records = check({}, {C: "9876543210"}, start=start, window="8h").records
    assert records["starts_at"].to_pylist() == [NOW_MS] * 2
    assert records["ends_at"].to_pylist() == [NOW_MS + 28_800_000] * 2


def test_a_window_may_follow_each_row_s_own_start(check):
    """`--window` alone: ends_at is starts_at plus the window; one finding for a bad start."""
    checked = check({}, {S: "soon"}, window="90m")
    assert checked.records["ends_at"].to_pylist() == [1775190600000 + 5_400_000, None]
    assert checked.findings["code"].to_pylist() == ["time.not_recognised"]


def test_start_takes_the_date_format_and_zone(check):
    """`--start` is read as a cell would be."""
    records = check({}, start="03/04/2026 10:00", window="1h", date_format="dmy").records
    assert records["starts_at"].to_pylist() == [1775190600000]


@pytest.mark.parametrize("start", ["", "03/04/2026 10:00", "2026-04-03", "tomorrow"])
def test_a_start_that_can_t_be_read_is_wrong_usage(check, start):
    """Nothing is guessed, and nothing is sent."""
    with pytest.raises(UsageError, match=r"--start: not a recognised time"):
        check({}, start=start, window="8h")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("90m", 5_400_000),
        ("8h", 28_800_000),
        ("1h30m", 5_400_000),
        ("24h", 86_400_000),
        ("1d", 86_400_000),
        ("45 s", 45_000),
        ("1H 5M", 3_900_000),
    ],
)
def test_a_window_is_hours_and_minutes(text, milliseconds):
    """Contract: `--window` (`90m`, `8h`)."""
    assert parse_window(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "8", "h", "8h30", "-1h", "1.5h", "8 hours", "0m", "25h", "2d"]
)
def test_a_window_that_is_none_is_wrong_usage(text):
    """Empty, unreadable, of no length, or longer than 24 hours."""
    with pytest.raises(UsageError, match="--window"):
        parse_window(text)


def test_a_missing_column_is_wrong_usage():
    """Contract: 'a required column missing: exit 2'; a flag may stand for a time column."""
    options = ValidateOptions(now_ms=NOW_MS)
    for field, flag in ((C, "--map"), (R, "--map"), (S, "--start"), (E, "--window")):
        fields = tuple(each for each in Field if each is not field)
        with pytest.raises(UsageError, match=f"no column for {field}.*{flag}"):
            Validator(campaign_file(fields), options)


def test_a_column_and_a_flag_for_one_field_is_wrong_usage():
    """Two sources for one field: which one counts would be a guess."""
    with pytest.raises(UsageError, match="--window is given, and the file has a column"):
        Validator(campaign_file(), ValidateOptions(now_ms=NOW_MS, window="8h"))


def test_optional_columns_may_be_missing():
    """Without label_id and reason columns, a name is enough."""
    fields = (C, R, N, S, E)
    checked = Validator(campaign_file(fields), ValidateOptions(now_ms=NOW_MS)).check(
        chunk_of([GOOD], fields)
    )
    row = checked.records.to_pylist()[0]
    assert (row["valid"], row["label_id"], row["dynamic_call_reason"]) == (True, None, None)
