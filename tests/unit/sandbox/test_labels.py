"""The label listing: pages, shapes, deleted labels, and labels that records must name."""

from __future__ import annotations

import orjson
import pytest

from bulkcall.sandbox import options_from
from bulkcall.sandbox.enums import Call, LabelRule, LabelShape
from bulkcall.sandbox.labels import DEFAULT_LABELS, Label, read_label
from bulkcall.sandbox.options import flags_of
from bulkcall.sandbox.sandbox import Request

MANY = tuple(Label(id=f"00000000-0000-4000-8000-{n:012d}", name=f"L{n}") for n in range(2500))


def listed(at, **query: str):
    """One page of the labels."""
    asked = {name: [value] for name, value in query.items()}
    reply = at.sandbox.answer(Request(Call.LABELS, at.account, at.bearer, query=asked))
    assert reply.status == 200
    return orjson.loads(reply.body)


def test_an_element_has_the_documented_fields(desk):
    """A label is shown with the documented names; a deleted one says when."""
    shown = listed(desk())
    assert {
        "id",
        "name",
        "label_type",
        "category",
        "sub_category",
        "logo_url",
        "created_by_email",
        "created_at",
    } <= shown[0].keys()
    assert [one["id"] for one in shown if one.get("deleted_at")] == [DEFAULT_LABELS[-1].id]


def test_pages(desk):
    """1000 a page unless fewer are asked for; beyond the last page the array is empty."""
    at = desk(labels=MANY)
    assert [one["name"] for one in listed(at)] == [f"L{n}" for n in range(1000)]
    assert len(listed(at, page="3")) == 500
    assert [one["name"] for one in listed(at, page="2", limit="2")] == ["L2", "L3"]
    assert listed(at, page="4") == []


@pytest.mark.parametrize("shape", list(LabelShape))
def test_shapes(desk, shape):
    """The array stands alone or inside an object; none at all is an empty array."""
    at = desk(label_shape=shape, labels=())
    assert listed(at) == ([] if shape is LabelShape.BARE else {shape.value: []})


@pytest.mark.parametrize(
    ("label", "status"),
    [(DEFAULT_LABELS[0].id.upper(), 200), (DEFAULT_LABELS[2].id, 400), (MANY[0].id, 400)],
    ids=["known", "deleted", "unknown"],
)
def test_a_record_must_name_a_known_label(desk, label, status):
    """With the rule on, a label that is deleted or not the account's is refused."""
    at = desk(label_rule=LabelRule.KNOWN)
    assert at.realtime(label_id=label).status == status


@pytest.mark.parametrize("text", ["", ",name", '{"id":"a","colour":"red"}'])
def test_what_is_no_label(text):
    """An order without an id or with an unknown field is an error in a line."""
    with pytest.raises(ValueError, match="label"):
        read_label(text)


def test_flags_of_labels():
    """Labels, and none at all, survive being written as flags."""
    given = options_from({"labels": ["abc,Bank,Finance"]})
    assert given.labels == (Label(id="abc", name="Bank", category="Finance"),)
    assert flags_of(options_from({"labels": []})) == ["--label=none"]
    assert options_from({"labels": ["none"]}).labels == ()
