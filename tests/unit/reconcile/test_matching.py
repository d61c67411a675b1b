"""Matching by example: one test a rule of docs/reconciliation.md."""

from __future__ import annotations

from dataclasses import replace

from bulkcall.reconcile.matching import match
from bulkcall.records import CallRecord, Match, RowState
from tests.unit.reconcile.campaigns import END, START, Row, listed

RECORD = CallRecord(
    "918000000001", "919876512345", START, END, "label-a", "Bank", "Your card is ready"
)


def rows(*records: CallRecord) -> list[Row]:
    """Number some records from 1."""
    return [Row(place, record) for place, record in enumerate(records, 1)]


def other(tail: int, **changes: object) -> CallRecord:
    """Make a record that differs in its receiver."""
    return replace(RECORD, receiver_number=f"9198765{tail:05}", **changes)


def test_position_is_no_evidence():
    """Two rows listed in the other order: each gets its own word, not its neighbour's."""
    sent = rows(other(1), other(2))
    found = match(
        sent, [listed(sent[1].record, "b", "error"), listed(sent[0].record, "a", "success")]
    )
    assert [one.state for one in found.verdicts] == [RowState.SUCCESS, RowState.ERROR]
    assert [one.record_id for one in found.verdicts] == ["a", "b"]
    assert [one.match for one in found.verdicts] == [Match.NUMBER, Match.NUMBER]


def test_stamp_tells_fully_masked_rows_apart():
    """With numbers hidden, the row's own ends_at finds its record."""
    sent = rows(other(1, ends_at=END), other(2, ends_at=END - 1))
    found = match(
        sent,
        [
            listed(sent[1].record, "b", "error", "all"),
            listed(sent[0].record, "a", "success", "all"),
        ],
    )
    assert [(one.state, one.match) for one in found.verdicts] == [
        (RowState.SUCCESS, Match.STAMP),
        (RowState.ERROR, Match.STAMP),
    ]
    assert found.verdicts[1].message == "Not a Truecaller user"


def test_visible_digits_must_fit_the_row_with_that_stamp():
    """A partly masked stranger with a row's stamp is no evidence for the row."""
    sent = rows(RECORD)
    stranger = listed(replace(RECORD, receiver_number="919876599999"), "s", "success", "part")
    found = match(sent, [stranger])
    assert found.verdicts[0].state is RowState.MISSING
    assert found.unexpected == [stranger]


def test_rows_that_look_alike_and_all_ended_alike_are_a_group():
    """Three rows that nothing tells apart, three successes: all are, as a group, without id."""
    sent = rows(other(1), other(2), other(3))
    found = match(sent, [listed(one.record, f"id-{one.row}", "success", "all") for one in sent])
    assert {(one.state, one.match, one.record_id) for one in found.verdicts} == {
        (RowState.SUCCESS, Match.GROUP, "")
    }


def test_a_group_short_of_one_record_is_not_known():
    """Three rows alike, two successes: the left out one can't be known, and the message says so."""
    sent = rows(other(1), other(2), other(3))
    found = match(sent, [listed(one.record, f"id-{one.row}", "success", "all") for one in sent[:2]])
    assert {one.state for one in found.verdicts} == {RowState.ACCEPTED}
    assert found.verdicts[0].message == (
        "cannot be known: rows 1, 2, 3 look alike; the server lists 2 success for 3 of them"
    )


def test_a_group_that_ended_both_ways_is_not_known():
    """Two rows alike, one success and one error: neither is claimed, the counts are told."""
    sent = rows(other(1), other(2))
    found = match(
        sent,
        [
            listed(sent[0].record, "a", "success", "all"),
            listed(sent[1].record, "b", "error", "all"),
        ],
    )
    assert {one.state for one in found.verdicts} == {RowState.ACCEPTED}
    assert "1 error, 1 success" in found.verdicts[0].message


def test_the_second_listing_of_a_known_row_speaks_for_no_other():
    """Row 1 is listed whole, and again masked; row 2, its look-alike, gets nothing from that."""
    sent = rows(other(1), other(2))
    found = match(
        sent,
        [listed(sent[0].record, "a", "success"), listed(sent[0].record, "b", "success", "all")],
    )
    assert found.verdicts[0].state is RowState.SUCCESS
    assert found.verdicts[1].state is RowState.ACCEPTED
    assert "cannot be known" in found.verdicts[1].message


def test_a_contradiction_is_not_decided():
    """One row, success and error under two ids: it can't be known, and both are told."""
    found = match(
        rows(RECORD), [listed(RECORD, "a", "success"), listed(RECORD, "b", "error")]
    ).verdicts[0]
    assert found.state is RowState.ACCEPTED
    assert "success (id a)" in found.message
    assert "error (id b): Not a Truecaller user" in found.message


def test_a_row_listed_twice_with_one_word_has_that_word():
    """Listed twice as success under two ids: success, and the message says twice."""
    found = match(
        rows(RECORD), [listed(RECORD, "b", "success"), listed(RECORD, "a", "success")]
    ).verdicts[0]
    assert (found.state, found.record_id, found.message) == (
        RowState.SUCCESS,
        "a",
        "listed 2 times",
    )


def test_one_id_listed_early_and_late_has_its_late_word():
    """One id, once processing and once success: the final word stands."""
    found = match(
        rows(RECORD), [listed(RECORD, "a", "processing"), listed(RECORD, "a", "success")]
    ).verdicts[0]
    assert (found.state, found.message) == (RowState.SUCCESS, "")


def test_an_unknown_word_is_not_final_and_reported_as_it_came():
    """The server's own word stands in the message."""
    record = listed(RECORD, "a", "processing")._replace(status="Queued-2")
    found = match(rows(RECORD), [record]).verdicts[0]
    assert found.state is RowState.ACCEPTED
    assert found.message == 'the server says "Queued-2"'


def test_whole_numbers_that_one_row_has_need_no_times():
    """A server may show other times than were sent: numbers that one row alone has find it."""
    elsewhere = listed(replace(RECORD, ends_at=END + 86_400_000), "s", "success")
    found = match(rows(RECORD), [elsewhere])
    assert (found.verdicts[0].state, found.verdicts[0].match) == (RowState.SUCCESS, Match.NUMBER)
    assert found.unexpected == []


def test_same_numbers_in_another_window_are_a_stranger_beside_the_rows_own():
    """A row's own record is listed as sent: another one with its numbers says nothing of it."""
    elsewhere = listed(replace(RECORD, ends_at=END + 86_400_000), "s", "error")
    found = match(rows(RECORD), [elsewhere, listed(RECORD, "a", "success")])
    assert found.verdicts[0].record_id == "a"
    assert found.unexpected == [elsewhere]


def test_same_numbers_in_another_window_are_no_end_where_others_come_as_sent():
    """Others are listed as sent, this one is not: neither its end nor its absence is claimed."""
    sent = rows(RECORD, other(2), other(3))
    elsewhere = listed(replace(RECORD, ends_at=END + 86_400_000), "s", "success")
    shown = [elsewhere, *(listed(one.record, f"{one.row}", "success") for one in sent[1:])]
    found = match(sent, shown)
    assert found.verdicts[0].state is RowState.ACCEPTED
    assert "other times" in found.verdicts[0].message
    assert found.unexpected == []


def test_two_windows_of_one_pair_are_told_apart():
    """The same numbers twice, in two windows: the times decide."""
    sent = rows(RECORD, replace(RECORD, ends_at=END + 3_600_000))
    found = match(sent, [listed(sent[1].record, "b", "error")]).verdicts
    assert [one.state for one in found] == [RowState.MISSING, RowState.ERROR]


def test_whole_seconds_do_for_whole_numbers():
    """A server that keeps whole seconds is understood where numbers are whole."""
    sent = rows(replace(RECORD, ends_at=END - 1))
    found = match(sent, [listed(sent[0].record, "a", "success")._replace(ends_at=END - 1000)])
    assert found.verdicts[0].match is Match.NUMBER


def test_soft_fields_may_be_filled_in_or_tidied():
    """A label's own name, other case and spaces: still the row's record."""
    sent = rows(replace(RECORD, dynamic_label_name=None))
    shown = listed(sent[0].record, "a", "success", "all")._replace(
        dynamic_label_name="The label's own name",
        dynamic_call_reason=" YOUR card  is ready",
        starts_at=START - 115_200_000,
    )
    assert match(sent, [shown]).verdicts[0].state is RowState.SUCCESS


def test_a_masked_record_with_other_words_and_start_is_a_stranger():
    """A row's stamp alone is not enough where everything else differs."""
    stranger = listed(RECORD, "s", "success", "all")._replace(
        label_id="label-x", dynamic_call_reason="Something else entirely", starts_at=START + 1
    )
    found = match(rows(RECORD), [stranger])
    assert found.verdicts[0].state is RowState.MISSING
    assert found.unexpected == [stranger]


def test_a_record_that_shows_nothing_keeps_rows_from_being_missing():
    """Without number and time it can't be placed; it is set aside, not given to the open row."""
    sent = rows(other(1), other(2))
    nothing = listed(RECORD, "n", "success", "all")._replace(ends_at=None)
    found = match(sent, [listed(sent[0].record, "a", "success"), nothing])
    assert found.unplaced == [nothing]
    assert [one.state for one in found.verdicts] == [RowState.SUCCESS, RowState.MISSING]


def test_a_listing_that_shows_nothing_at_all_makes_one_group():
    """All hidden, times too: all ended alike, so all are known, as a group."""
    sent = rows(other(1), other(2))
    shown = [
        listed(one.record, f"{one.row}", "error", "all")._replace(ends_at=None) for one in sent
    ]
    assert {(one.state, one.match) for one in match(sent, shown).verdicts} == {
        (RowState.ERROR, Match.GROUP)
    }


def test_a_stranger_listed_twice_word_for_word_is_one():
    """The same element twice is one record."""
    stranger = listed(other(9), "s", "success")
    assert match(rows(RECORD), [stranger, stranger]).unexpected == [stranger]


def test_errors_of_a_group_keep_their_reasons():
    """A group of errors with two reasons names both; with one reason, just that."""
    sent = rows(other(1), other(2))
    shown = [listed(one.record, f"{one.row}", "error", "all") for one in sent]
    assert match(sent, shown).verdicts[0].message == "Not a Truecaller user"
    shown[0] = shown[0]._replace(message="Failed to push")
    assert (
        match(sent, shown).verdicts[1].message == "one of: Failed to push | Not a Truecaller user"
    )


def test_an_empty_listing_lists_nobody():
    """Right after create: every row is not listed, none is anything else."""
    found = match(rows(other(1), other(2)), [])
    assert {one.state for one in found.verdicts} == {RowState.MISSING}
    assert match([], []).verdicts == []
