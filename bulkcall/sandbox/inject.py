"""Turning an ordered fault into what goes back."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from bulkcall.sandbox import answers
from bulkcall.sandbox.answers import Ending, Reply
from bulkcall.sandbox.faults import HANG_SECONDS, Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.sandbox.enums import RetryAfter

    TooMany = Callable[[float, RetryAfter | None], Reply]


def inject(fault: Fault, real: Reply | None, too_many: TooMany) -> Reply:
    """Make the reply of a faulty request; `real` is what it did, None if it did nothing.

    A request that was turned down anyway keeps its answer: there is nothing to spoil.
    """
    if real and fault.kind is FaultKind.SLOW:
        real.delay += fault.ms / 1000
        return real
    if real and real.status != HTTPStatus.OK:
        return real
    reply = _faulty(fault, real or Reply(200, b"{}"), too_many)
    if real:
        reply.applied, reply.batch_id, reply.word = real.applied, real.batch_id, real.word
    return reply


def _faulty(  # noqa: C901, PLR0911, PLR0912 - one arm a kind
    fault: Fault, real: Reply, too_many: TooMany
) -> Reply:
    seconds = fault.seconds or 1.0
    extra: tuple[tuple[bytes, bytes], ...] = ()
    if fault.retry_after:
        extra = too_many(seconds, fault.retry_after).headers[1:]
    match fault.kind:
        case FaultKind.STATUS:
            kind = (b"content-type", fault.content_type.encode())
            return Reply(fault.answer_status, fault.body.encode(), (kind, *extra))
        case FaultKind.HTML:
            page = answers.html_page(fault.answer_status)
            page.headers += extra
            return page
        case FaultKind.MAINTENANCE:
            return answers.maintenance()
        case FaultKind.FORBIDDEN:
            return answers.forbidden()
        case FaultKind.EMPTY:
            return Reply(fault.answer_status, b"", extra)
        case FaultKind.CUT:
            return Reply(real.status, real.body[: len(real.body) // 2])
        case FaultKind.TRUNCATED:
            return Reply(real.status, real.body, ending=Ending.TRUNCATED)
        case FaultKind.RESET:
            return Reply(real.status, b"", ending=Ending.RESET)
        case FaultKind.HANG:
            wait = fault.seconds or HANG_SECONDS
            return Reply(real.status, b"", ending=Ending.HANG, delay=wait)
        case FaultKind.LIMIT:
            return too_many(seconds, fault.retry_after)
        case FaultKind.BAD_TOKEN:
            return answers.token_unreadable()
        case FaultKind.REVOKED | FaultKind.SLOW:
            raise AssertionError(f"{fault.kind} is no answer of its own")  # both are seen to before
