"""The account's labels: every shape of the listing, its pages, and what is kept of it."""

from __future__ import annotations

import asyncio
import stat

import httpx
import orjson
import pytest

from bulkcall.api import Label, LabelCache, LabelListing, Unreadable
from bulkcall.api.labels import PAGE_LIMIT, read_label_page
from tests.unit.api.parts import NOW, Server, opened, settings

ELEMENT = {
    "id": "7d1c1f0a-52b6-4a4e-8c62-4f1f6a0c9b11",
    "name": "Parcel Express",
    "label_type": "dynamic",
    "category": "Delivery",
    "sub_category": "Parcels",
    "logo_url": "https://example.com/logo.png",
    "created_by_email": "someone@example.com",
    "created_at": "2025-07-23T09:07:32.21Z",
}
LABEL = Label(ELEMENT["id"], "Parcel Express", "Delivery", "dynamic")


def answer(body):
    """Make a 200 with this body."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return httpx.Response(200, content=content)


@pytest.mark.parametrize(
    "body", [[ELEMENT], {"data": [ELEMENT]}, {"labels": [ELEMENT]}, {"data": {"labels": [ELEMENT]}}]
)
def test_the_array_alone_or_inside_an_object(body):
    """Whatever stands around it, the array is found; an empty one is no label."""
    assert read_label_page(answer(body)) == [LABEL]


@pytest.mark.parametrize("body", [[], {"data": []}, {"labels": []}])
def test_no_labels(body):
    """An empty array if there are none."""
    assert read_label_page(answer(body)) == []


@pytest.mark.parametrize("body", [b"", b"<html>", {}, {"data": None}, "x", [1], [[ELEMENT]], None])
def test_what_is_no_listing_is_not_taken_for_an_empty_one(body):
    """A page for people, or another shape: unreadable, never 'no labels'."""
    with pytest.raises(Unreadable):
        read_label_page(answer(body))


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"deleted_at": None}, True),
        ({"deleted_at": ""}, True),
        ({"deleted_at": "2025-09-01T00:00:00Z"}, False),
        ({"label_type": "static"}, False),
        ({"label_type": "Dynamic"}, True),
        ({"label_type": None}, True),
    ],
)
def test_a_record_may_name_only_dynamic_labels_that_are_not_deleted(changes, usable):
    """`deleted_at` and `label_type` are respected."""
    [label] = read_label_page(answer([ELEMENT | changes]))
    assert label.usable is usable
    assert bool(LabelListing((label,), NOW).names()) is usable


def asked(answer_of):
    """List the labels of a server; gives the listing and the queries that it saw."""
    server = Server(answer_of)

    async def go():
        async with opened(server) as api:
            return await api.labels()

    listing = asyncio.run(go())
    assert {request.url.path for request in server.sent} == {"/clients/acc/1/labels"}
    assert {request.url.raw_path.split(b"?")[0] for request in server.sent} == {
        b"/clients/acc%2F1/labels"
    }
    return listing, [dict(request.url.params) for request in server.sent]


def many(count):
    """Make so many labels."""
    return [ELEMENT | {"id": f"id-{number}"} for number in range(count)]


def test_pages_are_followed():
    """A full page is followed by the next one, until one is not full."""
    labels = many(2 * PAGE_LIMIT + 3)

    def page(request):
        start = (int(request.url.params["page"]) - 1) * int(request.url.params["limit"])
        return answer(labels[start : start + PAGE_LIMIT])

    listing, queries = asked(page)
    assert len(listing.labels) == len(labels)
    assert queries == [{"page": str(n), "limit": "1000"} for n in (1, 2, 3)]


def test_a_server_that_knows_no_pages_is_asked_twice_at_most():
    """The same full page again brings nothing new: that is all."""
    listing, queries = asked(lambda _: answer(many(PAGE_LIMIT)))
    assert len(listing.labels) == PAGE_LIMIT
    assert len(queries) == 2


def test_the_cache_is_private_and_keeps_no_address(tmp_path):
    """The file is the user's alone, and holds neither an e-mail address nor the account's id."""
    cache = LabelCache(tmp_path, settings())
    assert cache.load() is None
    listing = LabelListing(tuple(read_label_page(answer([ELEMENT]))), NOW)
    cache.save(listing)
    assert cache.load() == listing
    [path] = (tmp_path / "labels").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert b"@" not in path.read_bytes()
    assert "acc" not in path.name
    assert LabelCache(tmp_path, settings(client_account_id="acc/2")).load() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"listed_at": 1}', b"\xff\xfe"])
def test_a_damaged_cache_is_no_cache(tmp_path, content):
    """What can't be read is asked for again."""
    cache = LabelCache(tmp_path, settings())
    cache.save(LabelListing((LABEL,), NOW))
    [path] = (tmp_path / "labels").iterdir()
    path.write_bytes(content)
    assert cache.load() is None
