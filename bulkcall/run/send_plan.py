"""What a run would take: pure arithmetic on the rows' windows and the account's limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bulkcall.records import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from bulkcall.settings import Settings

    Times = npt.NDArray[np.int64]

MOST_TOKENS = 10
"""An account's tokens side by side: 10 can be created in half an hour (api.md, Calls)."""

TOKEN_LIFE = 3600.0
"""Seconds (api.md, Calls)."""

_BLOCK = 8192
"""Rows looked at together; only a block in which rows expire is walked row by row."""


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What one channel would take."""

    channel: Channel
    requests: int
    """Requests that carry records, if each is answered at once."""
    polls: int
    """Batch status requests, at least: one a batch."""
    seconds: float
    """From the first request to the last, at the limit; batches: until all are asked about."""
    first_at: int | None
    """When the first request with records would go out, epoch ms; None where none would."""
    last_at: int | None
    """The same of the last one."""
    token_creations: int
    """Tokens that have to be created at most, renewals included."""
    expired: int
    """Rows whose `ends_at` would pass before their turn."""
    late: int
    """Rows that would go out after their `starts_at`."""
    tokens_in_time: int | None
    """Smallest number of tokens with which no row expires; None where ten are not enough."""
    tokens_on_time: int | None
    """Smallest number of tokens with which no row starts before its turn (rows that had started
    before now are not counted); None where ten are not enough."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do, on either channel, with the tokens that are set."""

    rows: int
    tokens: int
    batch: ChannelPlan
    realtime: ChannelPlan

    def channel(self, channel: Channel) -> ChannelPlan:
        """Return one channel's part."""
        return self.batch if channel is Channel.BATCH else self.realtime


def plan(
    starts_at: Times,
    ends_at: Times,
    settings: Settings,
    *,
    now_ms: int,
    moments: Callable[[Times], Times] | None = None,
) -> Plan:
    """Work out what sending these valid rows (file order, epoch ms) would take, starting now.

    `moments` tells when so many milliseconds of sending have passed, as epoch ms: where rows go out
    in some hours only, that is later than now and as many. It must keep order.
    """
    when = moments or (lambda spent: now_ms + spent)
    if settings.token:
        settings = replace(settings, tokens=1)  # there is no other than the one that is brought
    order = np.argsort(starts_at, kind="stable")
    starts, ends = starts_at[order], ends_at[order]

    def batch_turns(tokens: int) -> Callable[[Times], Times]:
        gap = 60_000.0 / (settings.batch_per_minute * tokens)
        return lambda place: when(((place // settings.batch_size) * gap).astype(np.int64))

    def realtime_turns(tokens: int) -> Callable[[Times], Times]:
        gap = 1000.0 / (settings.realtime_per_second * tokens)
        return lambda place: when((place * gap).astype(np.int64))

    return Plan(
        rows=len(starts),
        tokens=settings.tokens,
        batch=_channel(Channel.BATCH, starts, ends, settings, now_ms=now_ms, turns=batch_turns),
        realtime=_channel(
            Channel.REALTIME, starts, ends, settings, now_ms=now_ms, turns=realtime_turns
        ),
    )


def _channel(
    channel: Channel,
    starts: Times,
    ends: Times,
    settings: Settings,
    *,
    now_ms: int,
    turns: Callable[[int], Callable[[Times], Times]],
) -> ChannelPlan:
    turn_of = turns(settings.tokens)
    expired, late, _ = _walk(starts, ends, turn_of, now_ms)
    sent = len(starts) - expired
    requests = -(-sent // settings.batch_size) if channel is Channel.BATCH else sent
    polls = requests if channel is Channel.BATCH else 0
    first_at, last_at = turn_of(np.array([0, max(0, sent - 1)])).tolist() if sent else (None, None)
    # Batches are asked about at any hour.
    seconds = max(
        ((last_at or 0) - (first_at or 0)) / 1000,
        _span(polls, settings.status_per_minute / 60 * settings.tokens),
    )
    in_time = on_time = None
    for tokens in range(MOST_TOKENS, 0, -1):
        gone, _, missed = _walk(starts, ends, turns(tokens), now_ms)
        if gone:
            break
        in_time = tokens
        if not missed:
            on_time = tokens
    return ChannelPlan(
        channel=channel,
        requests=requests,
        polls=polls,
        seconds=seconds,
        first_at=first_at,
        last_at=last_at,
        token_creations=_creations(settings, seconds) if requests else 0,
        expired=expired,
        late=late,
        tokens_in_time=in_time,
        tokens_on_time=on_time,
    )


def _creations(settings: Settings, seconds: float) -> int:
    return 0 if settings.token else settings.tokens * (1 + int(seconds // TOKEN_LIFE))


def _span(requests: int, per_second: float) -> float:
    return max(0, requests - 1) / per_second


def _walk(
    starts: Times, ends: Times, turn_of: Callable[[Times], Times], now_ms: int
) -> tuple[int, int, int]:
    """Send the rows in order: how many expire, go out late, and late though they had not begun."""
    place = expired = late = missed = 0
    for first in range(0, len(starts), _BLOCK):
        begin, end = starts[first : first + _BLOCK], ends[first : first + _BLOCK]
        turns = turn_of(np.arange(place, place + len(begin), dtype=np.int64))
        if (end <= turns[0]).all():
            expired += len(begin)
            continue
        if (end <= turns).any():
            kept = _alive(end, turns)
            expired += len(begin) - int(kept.sum())
            begin, turns = begin[kept], turns[: int(kept.sum())]
        place += len(begin)
        late += int((begin < turns).sum())
        missed += int(((begin < turns) & (begin > now_ms)).sum())
    return expired, late, missed


def _alive(ends: Times, turns: Times) -> npt.NDArray[np.bool_]:
    # An expired row takes no turn, so each one moves all after it forward.
    kept = np.zeros(len(ends), dtype=np.bool_)
    place = 0
    for index, end in enumerate(ends.tolist()):
        if end > turns[place]:
            kept[index] = True
            place += 1
    return kept
