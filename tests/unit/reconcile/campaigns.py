"""Batches whose truth is known, and listings of them, for the properties of matching."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from bulkcall.reconcile.status_record import StatusRecord
from bulkcall.records import CallRecord, RowState

START = 1_763_700_000_007
"""No whole second: so it shows in every listing that times come back as they were sent."""
END = START + 3_600_000
WORDS = {"success": RowState.SUCCESS, "error": RowState.ERROR, "processing": RowState.ACCEPTED}
ELSEWHERE = START - 86_400_000
"""A time that no row has."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as sent."""

    row: int
    record: CallRecord


@dataclass(frozen=True, slots=True)
class Scene:
    """A batch, the server's listing of it, and the truth."""

    rows: list[Row]
    listed: list[StatusRecord]
    truth: dict[int, set[str]]
    """Row → the words that the server listed for it; empty: it was left out."""
    strangers: int


def masked(number: str, masking: str) -> str:
    """Show a number as the masking says: none, part, or all (which keeps no length)."""
    if masking == "none":
        return number
    return "************" if masking == "all" else f"{number[:2]}******{number[-4:]}"


def listed(record: CallRecord, record_id: str, word: str, masking: str = "none") -> StatusRecord:
    """List a record as a server does, its label's own name filled in.

    `masking` is as in `masked`, or `caller`: the caller is hidden, the receiver whole.
    """
    return StatusRecord(
        record_id,
        masked(record.caller_number, "all" if masking == "caller" else masking),
        masked(record.receiver_number, "none" if masking == "caller" else masking),
        masking == "none",
        record.starts_at,
        record.ends_at,
        record.label_id or "",
        record.dynamic_label_name or "Own name",
        record.dynamic_call_reason or "",
        word,
        WORDS[word],
        "Not a Truecaller user" if word == "error" else "",
    )


RECEIVERS = [f"9198765{tail:05}" for tail in (10001, 20001, 10002, 30003, 40003)]
STRANGERS = [f"9177777{tail:05}" for tail in (55551, 66662)]


def records(*, stamped: bool) -> st.SearchStrategy[list[CallRecord]]:
    """Up to eight records of so few values that many look alike; `stamped`: none shares ends_at."""
    record = st.builds(
        CallRecord,
        st.sampled_from(["918000000001", "918000000002"]),
        st.sampled_from(RECEIVERS),
        st.sampled_from([START, START + 60_000]),
        st.sampled_from([END, END - 1, END + 600_000]),
        st.sampled_from([None, "label-a", "label-b"]),
        st.sampled_from([None, "Bank", "Own name"]),
        st.sampled_from([None, "Your parcel comes", "Your card is ready"]),
    )
    several = st.lists(record, min_size=1, max_size=8)
    if not stamped:
        return several
    return several.map(
        lambda drawn: [replace(one, ends_at=END - place) for place, one in enumerate(drawn)]
    )


@st.composite
def scenes(
    draw: st.DrawFn, *, stamped: bool = False, omissions: bool = True, new_ids: bool = True
) -> Scene:
    """Draw a batch and a listing of it.

    Args:
        draw: hypothesis' own.
        stamped: every record has an ends_at of its own.
        omissions: records may be left out of the listing.
        new_ids: a record listed twice may come under a second id, with another word.
    """
    sent = draw(records(stamped=stamped))
    masking = st.sampled_from(["none", "part", "all", "caller"])
    one_masking = draw(st.none() | masking)
    rows = [Row(3 + 2 * place, record) for place, record in enumerate(sent)]
    shown: list[StatusRecord] = []
    truth: dict[int, set[str]] = {}
    for row in rows:
        truth[row.row] = set()
        if omissions and draw(st.integers(0, 3)) == 0:
            continue
        word = draw(st.sampled_from(sorted(WORDS)))
        hidden = one_masking or draw(masking)
        first = listed(row.record, f"id-{row.row}", word, hidden)
        shown.append(first)
        truth[row.row].add(word)
        again = draw(st.sampled_from(["no", "no", "same", "stale", "new"]))
        if again == "same":
            shown.append(first)
        elif again == "stale":
            shown.append(listed(row.record, f"id-{row.row}", "processing", hidden))
        elif again == "new" and new_ids:
            other = draw(st.sampled_from(sorted(WORDS)))
            shown.append(listed(row.record, f"id-{row.row}-again", other, hidden))
            truth[row.row].add(other)
    # Strangers in windows of their own are few beside what is listed as it was sent: what all of a
    # listing's times have in common is the server's habit, and no stranger's mark.
    known = [row.record for row in rows if truth[row.row]]
    again = len({one.record_id for one in shown}) - len(known)
    windows = max(0, min(3, len(known) - again))
    strangers = draw(st.lists(_strangers(sent), max_size=3 - windows))
    strangers += (
        draw(st.lists(_strangers(known, windows=one_masking or "all"), max_size=windows))
        if known
        else []
    )
    shown += [one._replace(record_id=f"stranger-{place}") for place, one in enumerate(strangers)]
    return Scene(rows, draw(st.permutations(shown)), truth, len(strangers))


@st.composite
def _strangers(draw: st.DrawFn, sent: list[CallRecord], *, windows: str = "") -> StatusRecord:
    """Draw a record that was never sent: its visible numbers are no row's.

    With `windows`, a masking, it is its window that is no row's.
    """
    like = draw(st.sampled_from(sent))
    word = draw(st.sampled_from(sorted(WORDS)))
    if not windows:
        record = replace(like, receiver_number=draw(st.sampled_from(STRANGERS)))
        return listed(record, "", word, draw(st.sampled_from(["none", "part", "caller"])))
    return listed(replace(like, ends_at=ELSEWHERE), "", word, windows)
