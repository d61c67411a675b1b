"""The damage doctor: one line for each kind of damage, and none for a slip."""

from __future__ import annotations

import dataclasses

import pytest

from bulkcall.records import Field, RowFault, RowRule
from bulkcall.validate import Diagnostics, ValidateOptions, Validator
from tests.unit.validate.conftest import GOOD, NOW_MS, campaign_file, chunk_of

C, R, L, N, W, S, E = Field


def lines(changes, faults=None, repeats=None, **options):
    """What the doctor says of a file whose rows are these changes to a good row."""
    file = campaign_file()
    validator = Validator(file, ValidateOptions(now_ms=NOW_MS, **options))
    doctor = Diagnostics(file)
    rows = [{**GOOD, **change} for change in changes]
    doctor.add(validator.check(chunk_of(rows, faults=faults)))
    if repeats:
        doctor.note_repeats(*repeats)
    return doctor.lines()


def test_a_sound_file_and_a_slip_or_two_get_no_line():
    """One bad cell, or two, are findings, not damage of the column."""
    assert lines([{}] * 20) == []
    assert lines([{R: "9.19877E+11"}, {R: "9.19877E+11"}] + [{}] * 20) == []


def test_a_few_cells_of_a_large_file_get_no_line():
    """Three of ten thousand rows are no pattern; thirty are."""
    assert lines([{R: "9.19877E+11"}] * 3 + [{}] * 9997) == []
    assert len(lines([{R: "9.19877E+11"}] * 30 + [{}] * 9970)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({R: "9.19877E+11"}, "receiver_number: 5 of 25 cells are in scientific notation"),
        ({R: "919877000000000"}, "receiver_number: 5 numbers end in 00000 (e.g. 91••••••••••000)"),
        ({R: "919876543211.0"}, "receiver_number: 5 numbers became decimals"),
        ({R: "987654321"}, "receiver_number: 5 numbers (e.g. 98••••321) have 9 digits, too few"),
        ({S: "2026-04-03", E: "2026-04-03"}, "starts_at: 5 cells (e.g. 2026-04-03) hold a date"),
        ({S: "1775190600000000"}, "starts_at: 5 times (e.g. 1775190600000000) are in micro"),
        (
            {S: "2025-04-03T10:00Z", E: "2025-04-03T18:00Z"},
            "ends_at: 5 of 25 windows (e.g. 2025-04-03T18:00Z) are already past",
        ),
        ({N: "Ã‰cole Ã©lite"}, "dynamic_label_name: 5 texts are garbled (e.g. Ã‰cole Ã©lite)"),
        ({W: "à¤†à¤ªà¤•à¤¾ parcel"}, "dynamic_call_reason: 5 texts are garbled"),
    ],
)
def test_each_damage_has_its_line(change, words):
    """What happened, how often, with an example; and what to do about it."""
    found = lines([change] * 5 + [{}] * 20)
    assert [line for line in found if words in line], found


def test_a_column_of_one_other_country_proposes_the_setting():
    """Contract: where most cells are of one other country, the result proposes the setting."""
    abroad = {R: "971501234567"}
    assert lines([abroad] * 15 + [{}] * 10) == [
        (
            "receiver_number: 15 of 25 numbers (e.g. 97•••••••567) have no plus and are numbers of "
            "United Arab Emirates: if that is meant, add --countries AE"
        )
    ]
    assert lines([abroad] * 10 + [{}] * 15) == []
    assert lines([abroad] * 15 + [{}] * 10, countries=("AE",)) == []


def test_times_without_a_zone_name_the_setting():
    """Times without an offset, while no zone is set."""
    bare = {S: "2026-04-03T10:00", E: "2026-04-03T18:00", C: "+919876543210"}
    found = lines([bare] * 5, region="FR")
    assert "starts_at: 5 times (e.g. 2026-04-03T10:00) have no offset from UTC" in found[1]
    assert "BULKCALL_TIMEZONE" in found[0]


def test_dates_of_open_order_show_which_order_fits():
    """A part above 12 is the day: the line says which --date-format fits."""
    found = lines([{S: "03/04/2026 10:00"}] * 4 + [{S: "25/04/2026 10:00"}] * 4)
    assert "starts_at: 4 dates (e.g. 03/04/2026 10:00) don't show which part is the day" in found[0]
    assert "starts_at: 4 dates have a first part above 12" in found[1]
    assert "--date-format dmy" in found[1]


def test_swapped_days_and_months_are_named():
    """With an order set, dates that only fit the other one show a swap."""
    found = lines([{S: "04/25/2026 10:00"}] * 4 + [{}] * 9, date_format="dmy")
    assert found[0].startswith(
        "starts_at: 4 dates have day and month swapped against --date-format"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({L: "9876543210"}, "label_id: column 'label_id' holds phone numbers, not UUIDs"),
        ({L: "Acme Courier"}, "label_id: column 'label_id' holds something else, not UUIDs"),
        ({N: GOOD[L]}, "dynamic_label_name: column 'dynamic_label_name' holds UUIDs, not names"),
        ({W: "919876543210"}, "dynamic_call_reason: column 'dynamic_call_reason' holds phone num"),
        ({R: "Asha Rao"}, "receiver_number: column 'receiver_number' holds something else"),
        ({S: "Acme Courier"}, "starts_at: column 'starts_at' holds something else, not times"),
    ],
)
def test_a_column_mapped_to_the_wrong_field_is_named(change, words):
    """Numbers in the label column, names in the number column …: --map settles it."""
    found = [line for line in lines([change] * 8 + [{}]) if words in line]
    assert len(found) == 1
    assert "--map" in found[0]


def test_swapped_number_columns_are_named():
    """Many callers and few receivers: the two columns are likely swapped."""
    changes = [{C: f"98765{n:05d}"} for n in range(600)]
    assert [line for line in lines(changes) if "swapped" in line]


def test_rows_with_surplus_cells_are_counted():
    """A text with the delimiter in it, unquoted, in many rows."""
    fault = RowFault(RowRule.SURPLUS_CELLS, "surplus cell")
    found = lines([{}] * 9, faults=dict.fromkeys(range(1, 5), fault))
    assert found[0].startswith("4 of 9 rows have more cells than the header")


def test_repeats_of_an_earlier_run_are_told():
    """94 % of the valid rows were already sent."""
    found = lines([{}] * 10, repeats=(9400, 10000))
    assert found == [
        (
            "94% of the valid rows (9,400 of 10,000) were already sent in an earlier run and are "
            "left out: was the right file given? --resend sends them again"
        )
    ]
    assert lines([{}] * 10, repeats=(0, 10)) == []


def test_counts_add_up_over_chunks():
    """The doctor sees a file chunk by chunk, and speaks of the whole."""
    file = campaign_file()
    validator = Validator(file, ValidateOptions(now_ms=NOW_MS))
    doctor = Diagnostics(dataclasses.replace(file))
    for first_row in (1, 11, 21):
        rows = [{**GOOD, R: "9.19877E+11"}] * 2 + [GOOD] * 8
        doctor.add(validator.check(chunk_of(rows, first_row=first_row)))
    assert doctor.lines()[0].startswith("receiver_number: 6 of 30 cells")
