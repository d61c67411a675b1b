"""From how a request ended to what becomes of its rows: pure code.

docs/sending.md has the same as a table. Three rules stand behind it: a row loses a try only by what
may have been its own fault or a broken connection; what may have been taken is never called
`failed`; what was answered, however strangely, is never sent again by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkcall.api import (
    BadRequest,
    ClientError,
    ForbiddenError,
    MaybeApplied,
    NoToken,
    RateLimited,
    RealtimeAnswer,
    Unavailable,
    Unreadable,
)
from bulkcall.codes import api_code
from bulkcall.ledger import Answered, BatchAccepted, BatchSplit, Doubtful, TurnedAway
from bulkcall.ledger import Refused as RowRefused
from bulkcall.send.outbound import Decision, Requeue
from bulkcall.send.retry import spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.api import ApiFailure, BatchAnswer
    from bulkcall.ledger import Event
    from bulkcall.send.outbound import OutboundRequest
    from bulkcall.send.retry import Backoff

PAYLOAD_TOO_LARGE = 413

_INDEX = re.compile(r"(?:call_records|records|record)?\s*[\[.#\s]\s*(\d{1,4})\s*(?:\]|\.|\b)")


def answered(
    request: OutboundRequest, answer: RealtimeAnswer | BatchAnswer, *, at: int
) -> Decision:
    """Rule on a request that was taken."""
    if isinstance(answer, RealtimeAnswer):
        event = Answered(
            request.rows[0].row,
            at,
            success=answer.success,
            http_status=answer.http_status,
            message=answer.message,
            field=answer.field,
            code="" if answer.success else api_code(answer.message),
        )
        return Decision([event], settled=1)
    accepted = BatchAccepted(request.batch or 0, answer.batch_id, at, answer.http_status)
    return Decision([accepted], settled=len(request.rows))


def failed(
    request: OutboundRequest,
    failure: ApiFailure,
    *,
    at: int,
    max_tries: int,
    resend: bool,
    away: bool,
    backoff: Backoff,
    hints: bool = True,
) -> Decision:
    """Rule on a request that did not end well.

    `away`: the server seems away altogether, so that being turned away costs the rows nothing.
    `resend`: whether rows in doubt go again. `hints`: whether an index in a batch's 400 counts.
    """
    if len(request.rows) > 1 and _splits(failure):
        return _split(request, failure, at=at, hints=hints)
    if isinstance(failure, BadRequest):
        return _refused(request, failure, at=at)
    if isinstance(failure, Unreadable) or (isinstance(failure, MaybeApplied) and not resend):
        return _doubtful(request.numbers, (), failure, at=at, wait=0.0)
    if isinstance(failure, ClientError):
        return _client_error(request, failure, at=at, max_tries=max_tries)
    free = isinstance(failure, RateLimited | NoToken)
    if away or free:
        last: list[int] = []
        others, wait = request.numbers, 0.0
    else:
        last, others, failures = _tries(request, max_tries)
        wait = backoff.wait(failures)
        if isinstance(failure, Unavailable) and failure.retry_after:
            wait = max(wait, min(failure.retry_after, backoff.cap))
    if isinstance(failure, MaybeApplied):
        return _doubtful(last, others, failure, at=at, wait=wait)
    return _turned_away(last, others, failure, at=at, spend=not (away or free), wait=wait)


def hinted(failure: ApiFailure, size: int) -> int | None:
    """Read which record (from 0) a batch's 400 names, where its field or message says so.

    No page of the documentation shows such a hint; `records[17].ends_at` and the like are taken up,
    and only as an advice on where to split.
    """
    for text in (failure.field if isinstance(failure, BadRequest) else "", failure.message):
        found = _INDEX.search(f" {text}") if "[" in text or "record" in text else None
        if found and int(found[1]) < size:
            return int(found[1])
    return None


def _splits(failure: ApiFailure) -> bool:
    too_large = isinstance(failure, ClientError) and failure.http_status == PAYLOAD_TOO_LARGE
    return too_large or isinstance(failure, BadRequest)


def _split(request: OutboundRequest, failure: ApiFailure, *, at: int, hints: bool) -> Decision:
    numbers = request.numbers
    named = hinted(failure, len(numbers)) if hints else None
    if named is None:
        middle = len(numbers) // 2
        parts = [numbers[:middle], numbers[middle:]]
    else:
        parts = [[numbers[named]], numbers[:named] + numbers[named + 1 :]]
    event = BatchSplit(request.batch or 0, at, failure.http_status or 400, failure.message)
    return Decision(
        [event],
        reason=_reason(failure),
        later=[Requeue(part, 0.0, urgent=True) for part in parts],
        named=None if named is None else numbers[named],
    )


def _reason(failure: ApiFailure) -> str:
    return f"{failure.field if isinstance(failure, BadRequest) else ''} {failure.message}".strip()


def _refused(request: OutboundRequest, failure: BadRequest, *, at: int) -> Decision:
    event = RowRefused(
        request.rows[0].row, at, failure.http_status or 400, failure.message, failure.field
    )
    return Decision([event], settled=1, reason=_reason(failure))


def _client_error(
    request: OutboundRequest, failure: ClientError, *, at: int, max_tries: int
) -> Decision:
    """Decide on a 4xx: `failed` at once, but for a 403, which stops the run; its rows wait.

    The API's 403 is about the credentials. A filter's page may be about what is in the record, so
    it costs a try: else one such row would stop every resume for ever.
    """
    if not isinstance(failure, ForbiddenError):
        return _turned_away(request.numbers, (), failure, at=at, spend=True, wait=0.0)
    if failure.by_api:
        return _turned_away((), request.numbers, failure, at=at, spend=False, wait=0.0)
    last, others, _ = _tries(request, max_tries)
    return _turned_away(last, others, failure, at=at, spend=True, wait=0.0)


def _doubtful(
    last: Sequence[int], others: Sequence[int], failure: ApiFailure, *, at: int, wait: float
) -> Decision:
    events: list[Event] = []
    for rows, again in ((last, False), (others, True)):
        if rows:
            events.append(Doubtful(rows, at, failure.http_status, failure.message, again=again))
    return Decision(events, settled=len(last), later=[Requeue(others, wait)] if others else ())


def _turned_away(
    last: Sequence[int],
    others: Sequence[int],
    failure: ApiFailure,
    *,
    at: int,
    spend: bool,
    wait: float,
) -> Decision:
    events: list[Event] = []
    for rows, final in ((last, True), (others, False)):
        if rows:
            events.append(
                TurnedAway(
                    rows,
                    at,
                    failure.http_status,
                    failure.message,
                    spend_try=spend,
                    final=final,
                )
            )
    return Decision(
        events,
        settled=len(last),
        reason=failure.message if last else "",
        later=[Requeue(others, wait)] if others else (),
    )


def _tries(request: OutboundRequest, max_tries: int) -> tuple[list[int], list[int], int]:
    """Return the rows that have no try left, the others, and how often one of those has failed."""
    last = [row.row for row in request.rows if spent(row.tries, max_tries)]
    others = [row for row in request.rows if not spent(row.tries, max_tries)]
    failures = 1 + max((row.tries for row in others), default=0)
    return last, [row.row for row in others], failures
