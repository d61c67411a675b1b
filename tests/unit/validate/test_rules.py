"""Every rule of a record, by example: what passes, what fails, and under which name."""

from __future__ import annotations

import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from bulkcall.codes import CODES
from bulkcall.records import Field, RowRule
from bulkcall.validate import findings
from bulkcall.validate.messages import MESSAGES, RANK
from bulkcall.validate.rules import CampaignText
from bulkcall.validate.text_columns import TextColumn
from tests.unit.validate.conftest import GOOD, NOW_MS

C, R, L, N, W, S, E = Field


def test_a_good_row_has_no_finding(check):
    """A row that keeps every rule is valid, typed, and carries no message."""
    checked = check({})
    assert checked.findings.num_rows == 0
    assert checked.records.drop_columns(["identity"]).to_pylist() == [
        {
            "row": 1,
            "line": 2,
            "valid": True,
            "caller_number": 919876543210,
            "receiver_number": 919876543211,
            "starts_at": 1775190600000,
            "ends_at": 1775219400000,
            "label_id": GOOD[L],
            "dynamic_label_name": "Acme Courier",
            "dynamic_call_reason": "Your parcel arrives today",
            "field": None,
            "message": None,
            "code": None,
        }
    ]


@pytest.mark.parametrize("field", [C, R])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "number.missing"),
        ("   ", "number.missing"),
        ("9.19877E+11", "number.scientific"),
        ("919876543210.0", "number.decimal"),
        ("call me", "number.characters"),
        ("12345", "number.too_short"),
        ("98765432100", "number.too_long"),
        ("91987654321", "number.wrong_length"),
        ("5555555555", "number.not_valid"),
        ("79876543210", "number.other_country"),
        ("+91\u200d9876543210", "number.invisible_character"),
        ("#REF!", "number.error_word"),
        ("null", "number.null_word"),
        ("EXAMPLE +91 98765 43210", "number.example"),
    ],
)
def test_each_number_rule(findings_of, field, text, rule):
    """api.md: numbers are required; contract, Numbers: every way in which one is invalid."""
    assert findings_of({field: text}) == [(field.value, rule)]


@pytest.mark.parametrize("field", [S, E])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "time.missing"),
        ("03/04/2026 10:00", "time.ambiguous"),
        ("2026-04-03", "time.no_time_of_day"),
        ("1.775E+12", "time.scientific"),
        ("2026-02-30T10:00", "time.impossible"),
        ("1775190600000000", "time.epoch_unit"),
        ("soon", "time.not_recognised"),
    ],
)
def test_each_time_rule(findings_of, field, text, rule):
    """api.md: times are required; contract, Times: every way in which one is invalid."""
    assert findings_of({field: text}) == [(field.value, rule)]


def test_zone_rules(findings_of):
    """Contract, Times: no zone, a time that occurs twice, a time that never occurs."""
    bare = {S: "2026-10-25T02:30", E: "2026-10-25T09:00Z"}
    assert findings_of(bare, region="FR") == [("starts_at", "time.no_zone")]
    assert findings_of(bare, timezone="Europe/Berlin") == [("starts_at", "time.occurs_twice")]
    gone = {S: "2027-03-28T02:30", E: "2027-03-28T09:00Z"}
    assert findings_of(gone, timezone="Europe/Berlin") == [("starts_at", "time.never_occurs")]


def test_the_default_zone_holds_while_the_region_is_india(check):
    """Contract, Times: 'default Asia/Kolkata while the region is IN, else none'."""
    bare = {S: "2026-04-03T10:00", E: "2026-04-03T18:00"}
    assert check(bare).records["starts_at"].to_pylist() == [1775190600000]
    assert check(bare, region="FR").records["valid"].to_pylist() == [False]
    assert check(bare, region="FR", timezone="UTC").records["starts_at"].to_pylist() == [
        1775210400000
    ]


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("2026-04-03T10:00Z", "2026-04-03T10:00Z", "time.ends_before_start"),
        ("2026-04-03T10:00Z", "2026-04-03T09:59:59.999Z", "time.ends_before_start"),
        ("2026-04-03T10:00Z", "2026-04-04T10:00:00.001Z", "time.too_long"),
        ("2026-03-31T10:00Z", "2026-04-01T05:59:59.999Z", "time.past"),
    ],
)
def test_each_window_rule(findings_of, start, end, rule):
    """Contract: ends_at after starts_at, at most 24 hours after, not past when it is loaded."""
    assert findings_of({S: start, E: end}) == [("ends_at", rule)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-04-03T10:00Z", "2026-04-03T10:00:00.001Z"),
        ("2026-04-03T10:00Z", "2026-04-04T10:00:00.000Z"),
        ("2026-03-31T10:00Z", "2026-04-01T06:00:00.000Z"),
    ],
)
def test_windows_at_the_edge_are_valid(findings_of, start, end):
    """A millisecond, 24 hours sharp, an end at the load time; starts_at may be past."""
    assert findings_of({S: start, E: end}) == []


@pytest.mark.parametrize("field", [L, N])
def test_one_of_label_id_and_name_is_enough(findings_of, field):
    """api.md: at least one of label_id and dynamic_label_name."""
    assert findings_of({field: "  "}) == []


def test_no_label_at_all_is_one_finding(findings_of):
    """api.md: at least one of label_id and dynamic_label_name."""
    assert findings_of({L: "", N: ""}) == [("dynamic_label_name", "label.missing")]


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "123e4567e89b12d3a456426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}",
        "123e4567-e89b-12d3-a456-42661417400g",
        "123e4567-e89b-12d3-a456-426614174000\n1",
        "123e4567-e89b-12d3-a456-4266141740000",
    ],
)
def test_a_label_id_is_a_uuid(findings_of, text):
    """Contract: '`label_id` is a UUID', in its usual form; a bad one is not made up for."""
    damage = "control_character" if "\n" in text else "not_uuid"
    assert findings_of({L: text}) == [("label_id", f"label_id.{damage}")]


def test_a_uuid_may_be_written_in_capitals(findings_of):
    """RFC 9562: case means nothing."""
    assert findings_of({L: GOOD[L].upper()}) == []


@pytest.mark.parametrize(("length", "fits"), [(2, False), (3, True), (40, True), (41, False)])
@pytest.mark.parametrize("mark", ["x", "आ", "\U0001f4e6"])
def test_a_name_has_3_to_40_code_points(findings_of, mark, length, fits):
    """api.md: 3 to 40 characters; contract: 'Characters are Unicode code points'."""
    code = "name.too_short" if length < 3 else "name.too_long"
    expected = [] if fits else [("dynamic_label_name", code)]
    assert findings_of({N: f" {mark * length}\u00a0"}) == expected


@pytest.mark.parametrize(("length", "fits"), [(9, False), (10, True), (100, True), (101, False)])
@pytest.mark.parametrize("mark", ["x", "आ", "\U0001f4e6"])
def test_a_reason_has_10_to_100_code_points(findings_of, mark, length, fits):
    """api.md: 10 to 100 characters; contract: 'Characters are Unicode code points'."""
    code = "reason.too_short" if length < 10 else "reason.too_long"
    expected = [] if fits else [("dynamic_call_reason", code)]
    assert findings_of({W: mark * length}) == expected


def test_a_reason_may_be_absent(check):
    """api.md: optional."""
    assert check({W: " "}).records["dynamic_call_reason"].to_pylist() == [None]


@pytest.mark.parametrize("mark", list("!@#$%^&*()_+/"))
def test_a_reason_holds_none_of_the_forbidden_characters(findings_of, mark):
    """api.md: none of ``! @ # $ % ^ & * ( ) _ + /``."""
    assert findings_of({W: f"Your parcel{mark} today"}) == [
        ("dynamic_call_reason", "reason.characters")
    ]


@pytest.mark.parametrize("mark", list("-.,:;?'\"=<>[]{}|~`\\"))
def test_a_reason_may_hold_any_other_character(findings_of, mark):
    """api.md names thirteen characters; no other is forbidden inside a reason."""
    assert findings_of({W: f"Your parcel{mark} today"}) == []


@pytest.mark.parametrize("mark", list(".,-"))
@pytest.mark.parametrize("form", ["{}Your parcel today", "Your parcel today{}", " {} Your parcel"])
def test_a_reason_does_not_begin_or_end_with_a_stop(findings_of, mark, form):
    """api.md: no ``.``, ``,``, ``-`` or space at either end."""
    assert findings_of({W: form.format(mark)}) == [("dynamic_call_reason", "reason.ends")]


def test_spaces_round_a_value_are_trimmed_for_the_record(check):
    """Contract: 'spaces round a value are trimmed for the record, never in the report'."""
    checked = check({W: "\t Your parcel arrives \u00a0\ufeff", C: " 919876543210\n"})
    assert checked.records["dynamic_call_reason"].to_pylist() == ["Your parcel arrives"]
    assert checked.records["caller_number"].to_pylist() == [919876543210]
    assert checked.chunk.cells.column(4).to_pylist() == ["\t Your parcel arrives \u00a0\ufeff"]


def test_every_rule_has_words_and_a_rank():
    """No check of the model can fail without something to tell a person."""
    schema = CampaignText.to_schema()
    rules = {check.name for column in schema.columns.values() for check in column.checks}
    assert rules == {*MESSAGES, *RowRule} == {*RANK}
    assert rules <= {*CODES}


def test_now_is_the_load_time(check):
    """The clock is an argument: what is past is judged by it alone."""
    checked = check({S: str(NOW_MS - 1000), E: str(NOW_MS)}, {S: "1", E: str(NOW_MS - 1)})
    assert checked.records["valid"].to_pylist() == [True, False]


def test_findings_are_what_pandera_finds(check, monkeypatch):
    """Asking each check for its column gives what `CampaignText.validate(lazy=True)` reports."""
    asked, given = findings.broken_rules, []
    monkeypatch.setattr(
        findings, "broken_rules", lambda columns: given.append(columns) or list(asked(columns))
    )
    bad = {C: "", R: "x", L: "no", N: "AB", W: "!.", S: "3/4/26", E: "2025-01-01T10:00Z"}
    changes = [{field: text} for field, text in bad.items()]
    check({}, bad, *changes, {L: "", N: ""}, {}, {E: GOOD[S]}, {C: "79876543210", W: ""})
    frame = pd.DataFrame(
        {
            name: pd.Series(column.column, dtype="str")
            if isinstance(column, TextColumn)
            else column
            for name, column in given[0].items()
        }
    )
    with pytest.raises(SchemaErrors) as failed:
        CampaignText.validate(frame, lazy=True)
    cases = failed.value.failure_cases
    expected = sorted(zip(cases["column"], cases["check"], cases["index"], strict=True))
    assert len(expected) > 15
    assert expected == sorted(
        (column, rule, row) for column, rule, rows in asked(given[0]) for row in rows.tolist()
    )
