"""Version 3, the other shapes of answers, opaque batch ids, 403 and pages for people."""

from __future__ import annotations

from urllib.parse import quote, unquote

import orjson
import pytest

from bulkcall.sandbox.enums import BatchIds, Call, NumberForm, PlusRule, Shape, Versions
from bulkcall.sandbox.faults import read_fault
from bulkcall.sandbox.sandbox import Request


def body(reply):
    """The JSON of an answer."""
    return orjson.loads(reply.body)


def send(at, version: int, record):
    """Send one record under a version of the API."""
    raw = orjson.dumps(record)
    return at.sandbox.answer(
        Request(Call.REALTIME, at.account, at.bearer, body=raw, version=version)
    )


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("plus", ["", "+"])
def test_plus_rule(desk, version, plus):
    """Version 2 wants no plus, version 3 wants one; with `either` both take both."""
    numbers = {
        name: plus + number
        for name, number in (
            ("caller_number", "919800000001"),
            ("receiver_number", "919800000002"),
        )
    }
    at = desk()
    right = (version == 3) == bool(plus)
    assert send(at, version, at.record(**numbers)).status == (200 if right else 400)
    either = desk(plus=PlusRule.EITHER)
    assert send(either, version, either.record(**numbers)).status == 200


@pytest.mark.parametrize(
    ("form", "shown"),
    [("sent", "919800000001"), ("plus", "+919800000001"), ("plain", "919800000001")],
)
def test_number_forms(desk, form, shown):
    """Batch status shows numbers as sent, with a plus or without."""
    at = desk(number_form=NumberForm(form), masking="none")
    assert at.run_batch([at.record()])[0]["caller_number"] == shown


def test_only_one_version(desk):
    """A sandbox may speak one version alone; calls without a version stay."""
    sandbox = desk(versions=Versions.V3).sandbox
    assert [sandbox.speaks(version) for version in (0, 2, 3)] == [True, False, True]


def test_camel_case(desk):
    """`statusInfo` stands for `status_info`, in a 200 and in a 400."""
    at = desk(shape=Shape.CAMEL)
    info = {"status": "success", "message": "Record processed successfully"}
    assert body(at.realtime()) == {"statusInfo": info}
    assert body(at.realtime(ends_at=1, starts_at=0))["statusInfo"]["field"] == "ends_at"
    assert at.run_batch([at.record()])[0]["statusInfo"] == {"status": "success"}


def test_flat(desk):
    """A flat 400, word for word."""
    at = desk(shape=Shape.FLAT)
    assert body(at.realtime(starts_at=0, ends_at=1)) == {
        "field": "ends_at",
        "message": "Request body is invalid: ends_at cannot be older than current time",
        "status": "error",
    }


def test_old_version(desk):
    """The batch id stands in a message; status is a bare array with `caller` and `receiver`."""
    at = desk(shape=Shape.OLD, masking="none")
    made = at.create([at.record()])
    said = body(made)
    assert said["status"] == "success"
    words, _, batch_id = said["message"].rpartition(" ")
    assert words == "Records Uploaded Successfully. BatchID:"
    assert batch_id == made.batch_id
    at.pass_time(10)
    (element,) = body(at.status(batch_id))
    assert element["status"] == "success"
    assert element["caller"] == "919800000001"
    assert element["receiver"] == "919800000002"
    assert "status_info" not in element


@pytest.mark.parametrize("form", list(BatchIds))
def test_batch_ids(desk, form):
    """Whatever its id looks like, a batch is found by it, escaped in a URL."""
    at = desk(batch_ids=form)
    batch_id = body(at.create([at.record()]))["batch_id"]
    assert unquote(quote(batch_id, safe="")) == batch_id
    assert at.status(batch_id).status == 200
    assert (quote(batch_id, safe="") == batch_id) is (form is not BatchIds.AWKWARD)


def test_forbidden_and_maintenance(desk):
    """The documented 403, a proxy's own, and a page for people with status 200; none applies."""
    at = desk()
    for order in ("forbidden", "html,status=403", "maintenance"):
        at.sandbox.faults.order(read_fault(order), at.clock.monotonic())
    forbidden, proxy, page = (at.realtime() for _ in range(3))
    assert forbidden.status == 403
    assert body(forbidden) == {
        "slug": "forbidden-error",
        "message": "not authorized. please contact your admin.",
    }
    assert proxy.status == 403
    assert proxy.body.startswith(b"<html>")
    assert page.status == 200
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert not any(reply.applied for reply in (forbidden, proxy, page))


@pytest.mark.parametrize(
    ("pair", "missing"), [({"key_id": "x"}, "api_key"), ({}, "key_id"), ([], "key_id")]
)
def test_half_a_key_pair(desk, pair, missing):
    """A part of the key pair that is not there is named in a 400."""
    at = desk()
    reply = at._send(Call.TOKEN, pair)
    assert reply.status == 400
    assert body(reply) == {"slug": "invalid-input", "message": f"{missing} is required"}
