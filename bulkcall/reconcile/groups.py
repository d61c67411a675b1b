"""Rows that the server's records can't tell apart, joined into groups. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkcall.reconcile.status_record import StatusRecord


class Group(NamedTuple):
    """Rows (as places in the batch's list) and the records that fit more than one of them."""

    places: list[int]
    records: list[StatusRecord]


def grouped(shared: Iterable[tuple[tuple[int, ...], StatusRecord]]) -> list[Group]:
    """Join rows that share a record, and those that share one with them, and so on.

    Args:
        shared: for each record that fits several rows, their places.
    """
    by_places: dict[tuple[int, ...], list[StatusRecord]] = {}
    for places, record in shared:
        by_places.setdefault(places, []).append(record)
    root: dict[int, int] = {}

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for places in by_places:
        for place in places:
            root.setdefault(place, place)
        first = find(places[0])
        for place in places[1:]:
            root[find(place)] = first
    members: dict[int, Group] = {}
    for place in sorted(root):
        members.setdefault(find(place), Group([], [])).places.append(place)
    for places, records in by_places.items():
        members[find(places[0])].records.extend(records)
    return list(members.values())
