"""Batches: asynchronous, in no order, masked."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.sandbox.enums import BadRecord, Masking
from bulkcall.sandbox.listing import masked

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
CREATED_AT = re.compile(r"2023-11-14T22:13:\d\d(\.\d{1,9})?Z\Z")


def some(at, count: int):
    """Records to different receivers."""
    return [at.record(receiver_number=str(919800000000 + i)) for i in range(count)]


def test_processing_is_asynchronous(desk):
    """A listing is empty, then partial and not final, then whole; it never goes back."""
    at = desk(processing_min_ms=1000, processing_max_ms=1000, masking=Masking.NONE)
    batch_id = orjson.loads(at.create(some(at, 50)).body)["batch_id"]
    assert at.listed(batch_id) == []
    seen: list[tuple[int, int]] = []
    for _ in range(20):
        at.pass_time(0.05)
        data = at.listed(batch_id)
        words = [e["status_info"]["status"] for e in data]
        assert set(words) <= {"processing", "success"}
        seen.append((len(data), words.count("success")))
    assert seen == sorted(seen)
    assert any(0 < listed < 50 for listed, _ in seen)
    assert any(listed == 50 and final < 50 for listed, final in seen)
    at.pass_time(0.01)
    assert {e["status_info"]["status"] for e in at.listed(batch_id)} == {"success"}


def test_order_and_ids(desk):
    """The order is not that of the request; ids differ; asking again changes nothing."""
    at = desk(masking=Masking.NONE)
    records = some(at, 100)
    data = at.run_batch(records)
    sent = [r["receiver_number"] for r in records]
    got = [e["receiver_number"] for e in data]
    assert sorted(got) == sent
    assert got != sent
    assert len({e["id"] for e in data}) == 100
    assert all(UUID.match(e["id"]) for e in data)
    batch_id = at.journal()[0]["batch_id"]
    assert at.listed(batch_id) == data


def test_order_may_be_kept(desk):
    """Without `shuffle` the order is the request's."""
    at = desk(masking=Masking.NONE, shuffle=False)
    records = some(at, 100)
    got = [e["receiver_number"] for e in at.run_batch(records)]
    assert got == [r["receiver_number"] for r in records]


def test_created_at_has_any_number_of_digits(desk):
    """created_at varies in its fractional digits, none included."""
    at = desk()
    stamps = [e["created_at"] for e in at.run_batch(some(at, 300))]
    assert all(CREATED_AT.match(s) for s in stamps)
    assert {len(s) for s in stamps} == {20, *range(22, 31)}


@pytest.mark.parametrize(
    ("masking", "shown"),
    [("none", "919876547890"), ("part", "91******7890"), ("all", "************")],
)
def test_masking(desk, masking, shown):
    """Numbers are whole, masked in part as in api.md, or as in the documentation's example."""
    at = desk(masking=Masking(masking))
    (element,) = at.run_batch([at.record(receiver_number="919876547890")])
    assert element["receiver_number"] == shown


@given(st.from_regex(r"[0-9]{0,15}", fullmatch=True), st.sampled_from(Masking))
def test_masking_keeps_the_length(number, masking):
    """A masked number is as long as it was."""
    assert len(masked(number, masking)) == len(number)


def test_label_name_defaults(desk):
    """Where only label_id was sent, the listing shows the label's own name."""
    at = desk()
    label = "6fc9c8e5-3a4a-4d0b-9d6f-2f1c3ff0a001"
    (element,) = at.run_batch([at.record(label_id=label, dynamic_label_name=None)])
    assert element["label_id"] == label
    assert element["dynamic_label_name"] == "Label 6fc9c8e5"
    assert element["dynamic_call_reason"] is None


def test_one_bad_record_refuses_all(desk):
    """A batch with one bad record is refused whole, and nothing of it is applied."""
    at = desk()
    reply = at.create([*some(at, 5), at.record(ends_at=1)])
    assert reply.status == 400
    assert orjson.loads(reply.body)["status_info"]["field"] == "ends_at"
    assert len(at.sandbox.batches) == 0
    assert at.journal()[0]["applied"] is False


def test_a_bad_record_may_be_listed(desk):
    """With `bad_record` list the batch is taken and the record ends as 'Invalid input'."""
    at = desk(bad_record=BadRecord.LIST, shuffle=False)
    words = [e["status_info"] for e in at.run_batch([at.record(), at.record(ends_at=1)])]
    assert words == [{"status": "success"}, {"status": "error", "message": "Invalid input"}]


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (500, 200), (501, 400)])
def test_size(desk, count, status):
    """A batch holds 1 to 500 records."""
    at = desk()
    assert at.create(some(at, count)).status == status


def test_unknown_batch(desk):
    """An id that was never given is a 404, none at all a 400."""
    at = desk()
    assert at.status("nope").status == 404
    assert at.status(None).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"call_records": 5}'])
def test_odd_bodies(desk, body):
    """What is no batch, or no record, is refused and not fallen over."""
    at = desk()
    from bulkcall.sandbox.enums import Call

    assert at._send(Call.BATCH_CREATE, body).status == 400
    assert at.realtime(body).status == 400
