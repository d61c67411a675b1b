"""Reading a batch status answer: tolerant, and never by the request's rules."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.reconcile.schema import read_listing
from bulkcall.reconcile.times import epoch_ms
from bulkcall.records import RowState

DOCUMENTED = """
{
  "id": "f4b2c4b0-5f5b-4c37-8f33-9b1e7a3e7c11",
  "caller_number": "************",
  "receiver_number": "************",
  "label_id": "0cf6f8f6-9a1e-4b6c-9a54-0e4d5c7f2b10",
  "dynamic_label_name": "Label",
  "dynamic_call_reason": "Call about your order",
  "starts_at": 1753255200000,
  "ends_at": 1753370400000,
  "status_info": {"status": "success"},
  "created_at": "2025-07-23T09:07:32.21Z"
}
"""


def one(**changes):
    """Read the documented element with some of its keys changed; `...` leaves a key out."""
    element = json.loads(DOCUMENTED) | changes
    listing = read_listing([{k: v for k, v in element.items() if v is not ...}])
    return listing.records[0], listing.odd


def test_a_span_of_32_hours_is_none_of_our_rules():
    """The documentation's own example row: read whole, nothing odd about it."""
    record, odd = one()
    assert odd == {}
    assert (record.starts_at, record.ends_at) == (1753255200000, 1753370400000)
    assert record.state is RowState.SUCCESS
    assert not record.whole


@pytest.mark.parametrize(
    ("shown", "read", "whole"),
    [
        ("919876543210", "919876543210", True),
        ("+91 98765-43210", "919876543210", True),
        (919876543210, "919876543210", True),
        ("91******3210", "91******3210", False),
        ("91XXXXXX3210", "91******3210", False),
        ("************", "************", False),
        ("", "", False),
        (None, "", False),
        (..., "", False),
    ],
)
def test_numbers_whole_masked_or_absent(shown, read, whole):
    """Each form of a number, in one normal form."""
    record, odd = one(caller_number="918000000001", receiver_number=shown)
    assert (record.receiver_number, record.whole, odd) == (read, whole, {})


@pytest.mark.parametrize("shown", ["hidden", {"a": 1}, True, ["91"]])
def test_a_number_that_can_not_be_read_is_not_shown_and_told(shown):
    """A value of another kind is no evidence, and counted as odd."""
    record, odd = one(receiver_number=shown)
    assert (record.receiver_number, odd) == ("", {"receiver_number": 1})


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"status": "success"}, RowState.SUCCESS),
        ({"status": "SUCCESS "}, RowState.SUCCESS),
        ({"status": "error", "message": "Failed to push"}, RowState.ERROR),
        ({"status": "queued"}, RowState.ACCEPTED),
        ({"status": None}, RowState.ACCEPTED),
        ({}, RowState.ACCEPTED),
        ("success", RowState.SUCCESS),
        (None, RowState.ACCEPTED),
        ([], RowState.ACCEPTED),
        (..., RowState.ACCEPTED),
    ],
)
def test_only_success_and_error_are_final(shown, state):
    """Any other word, or none, is not final."""
    record, _ = one(status_info=shown)
    assert record.state is state


def test_an_unknown_word_and_a_failures_message_stay_as_they_came():
    """No word is changed on its way to the report."""
    record, _ = one(status_info={"status": "Half-Done", "message": "soon", "field": "ends_at"})
    assert (record.status, record.message, record.field) == ("Half-Done", "soon", "ends_at")


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        (1753370400000, 1753370400000),
        ("1753370400000", 1753370400000),
        (1753370400000.0, 1753370400000),
        (1753370400, 1753370400000),
        ("2025-07-24T15:20:00Z", 1753370400000),
        ("2025-07-24T20:50:00.5+05:30", 1753370400500),
        ("2025-07-24T15:20:00.123456789Z", 1753370400123),
        (None, None),
    ],
)
def test_times_in_each_form(shown, read):
    """Milliseconds as a figure or text, seconds, ISO 8601 with any number of fractional digits."""
    record, odd = one(ends_at=shown)
    assert (record.ends_at, odd) == (read, {})


def test_what_is_no_object_is_counted():
    """Elements that are no objects: told, not raised."""
    listing = read_listing([None, 3, "x", [], json.loads(DOCUMENTED)], odd=2)
    assert len(listing.records) == 1
    assert listing.odd == {"element": 6}
    assert listing.odd_line == "element in 6"
    assert read_listing([]).records == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_element = st.fixed_dictionaries(
    {}, optional=dict.fromkeys([*json.loads(DOCUMENTED), "status", "message"], _json)
)


@given(st.lists(_element | _json, max_size=5))
@settings(max_examples=50)
def test_no_answer_ends_in_a_traceback(elements):
    """Whatever JSON comes: as many records as there are objects, and none of them breaks."""
    listing = read_listing(elements)
    assert len(listing.records) == sum(isinstance(element, dict) for element in elements)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_times(text):
    """Any text: a time or None."""
    assert epoch_ms(text) is None or isinstance(epoch_ms(text), int)


@pytest.mark.parametrize(
    ("shown", "whole"),
    [
        ("+919876543210", True),
        ("919876543210", True),
        ("+91******3210", False),
        ("+************", False),
    ],
)
@pytest.mark.parametrize("names", [("caller_number", "receiver_number"), ("caller", "receiver")])
def test_numbers_of_each_version_under_each_version(names, shown, whole):
    """With or without the plus, under the usual names or the older version's: the same number."""
    hidden = dict.fromkeys(("caller_number", "receiver_number"), ...)
    record, odd = one(**hidden | dict.fromkeys(names, shown))
    assert odd == {}
    assert record.receiver_number == shown.removeprefix("+")
    assert record.whole is whole


@pytest.mark.parametrize(
    "changes",
    [
        {"status_info": {"status": "error", "message": "Failed to push"}},
        {"status_info": ..., "statusInfo": {"status": "error", "message": "Failed to push"}},
        {"status_info": ..., "status": "error", "message": "Failed to push"},
    ],
)
def test_status_in_each_documented_shape(changes):
    """`status_info`, `statusInfo`, and text beside the record say the same."""
    record, _ = one(**changes)
    assert (record.state, record.message) == (RowState.ERROR, "Failed to push")


@pytest.mark.parametrize(
    "shown",
    [
        1753370400744,
        "1753370400744",
        1753370400744000,
        1753370400744000123,
        1753370400.744,
        "1753370400.7444",
        "2025-07-24T15:20:00.744Z",
        "2025-07-24T15:20:00.7440009Z",
        "2025-07-24T20:50:00.744+05:30",
    ],
)
def test_times_in_each_unit_and_form(shown):
    """Seconds, milliseconds, finer units, text and ISO 8601: one moment."""
    record, odd = one(ends_at=shown)
    assert odd == {}
    assert record.ends_at == 1753370400744
