"""Faults to order: what goes wrong, for which call, how often and when."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.sandbox.enums import Call, RetryAfter

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

HANG_SECONDS = 3600.0


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """Answers `status` (503) with `body`."""
    HTML = "html"
    """Answers `status` (502) with a proxy's HTML page."""
    MAINTENANCE = "maintenance"
    """Answers 200 with a page for people; the request goes no further."""
    FORBIDDEN = "forbidden"
    """Answers the documented 403: this key lacks the right to the call."""
    EMPTY = "empty"
    """Answers `status` (200) with no body."""
    CUT = "cut"
    """The answer's JSON ends half-way; as HTTP it is complete."""
    TRUNCATED = "truncated"
    """Content-Length promises more than comes before the connection closes."""
    RESET = "reset"
    """The connection is reset instead of an answer."""
    HANG = "hang"
    """No answer for `seconds` (an hour), then the connection closes."""
    SLOW = "slow"
    """The answer comes `ms` later."""
    LIMIT = "limit"
    """Answers 429 with `retry_after` (the server's own form) of `seconds` (1)."""
    REVOKED = "revoked"
    """The request's token is revoked, from this request on."""
    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a fault
    """Answers the 500 that says that the token failed to parse."""


_NEVER_APPLIED = (
    FaultKind.LIMIT,
    FaultKind.REVOKED,
    FaultKind.BAD_TOKEN,
    FaultKind.FORBIDDEN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One order. The first one in the book that fits a request is used on it."""

    kind: FaultKind
    call: Call | None = None
    """Which call; None: each of them."""
    times: int = 1
    """How many requests; 0: no end."""
    after: int = 0
    """How many requests that fit are let through first."""
    share: float = 1.0
    """The share (0 to 1) of the requests that fit."""
    start: float = 0.0
    """Seconds from the order on before it holds."""
    duration: float = 0.0
    """Seconds for which it holds; 0: no end."""
    receiver: str = ""
    """Only requests with a record whose receiver number ends so."""
    applied: bool | None = None
    """Whether the request takes effect all the same. None: if the kind answers 2xx, or is slow."""
    status: int = 0
    """STATUS, HTML, EMPTY: the status; 0: the kind's own."""
    body: str = ""
    """STATUS: the body."""
    content_type: str = "application/json"
    """STATUS: the body's type."""
    retry_after: RetryAfter | None = None
    """LIMIT: the form; None: the server's own. STATUS, HTML: sent if set."""
    seconds: float = 0.0
    """HANG: how long; LIMIT: Retry-After. 0: the kind's own."""
    ms: float = 0.0
    """SLOW: how much later, milliseconds."""

    @property
    def takes_effect(self) -> bool:
        """Whether the request is carried out before its answer is spoilt."""
        if self.kind in _NEVER_APPLIED:
            return False
        if self.kind is FaultKind.SLOW:
            return True
        if self.applied is not None:
            return self.applied
        if self.kind in (FaultKind.CUT, FaultKind.TRUNCATED):
            return True
        if self.kind in (FaultKind.STATUS, FaultKind.HTML, FaultKind.EMPTY):
            return 200 <= self.answer_status < 300  # noqa: PLR2004 - 2xx
        return False

    @property
    def answer_status(self) -> int:
        """The status that STATUS, HTML and EMPTY answer with."""
        own = {FaultKind.STATUS: 503, FaultKind.HTML: 502, FaultKind.EMPTY: 200}
        return self.status or own.get(self.kind, 200)


def read_fault(text: str | Mapping[str, Any]) -> Fault:
    """Read an order: JSON, or `kind[@call][,name=value…]`, e.g. `reset@realtime,times=3,applied=1`.

    Raises:
        ValueError: what is wrong with it, in a line.
    """
    if not isinstance(text, str):
        return _fault_of(dict(text))
    if text.lstrip().startswith("{"):
        return _fault_of(orjson.loads(text))
    head, *pairs = text.split(",")
    kind, _, call = head.partition("@")
    values: dict[str, Any] = {"kind": kind, "call": call or None}
    for pair in pairs:
        name, _, value = pair.partition("=")
        values[name.strip()] = value.strip()
    return _fault_of(values)


def fault_json(fault: Fault) -> dict[str, Any]:
    """Return an order as JSON that `read_fault` takes."""
    return {
        f.name: getattr(fault, f.name)
        for f in dataclasses.fields(fault)
        if getattr(fault, f.name) != f.default
    }


_READ_AS: dict[str, Any] = {
    "kind": FaultKind,
    "call": Call,
    "retry_after": RetryAfter,
    "applied": lambda value: value in (True, 1, "1", "true", "yes"),
    **dict.fromkeys(("times", "after", "status"), int),
    **dict.fromkeys(("share", "start", "duration", "seconds", "ms"), float),
    **dict.fromkeys(("receiver", "body", "content_type"), str),
}


def _fault_of(values: dict[str, Any]) -> Fault:
    if values.get("call") in ("any", ""):
        values["call"] = None
    unknown = sorted(values.keys() - _READ_AS.keys())
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(_READ_AS)}")
    if "kind" not in values:
        raise ValueError(f"a fault needs a kind: {', '.join(FaultKind)}")
    read: dict[str, Any] = {
        name: None if value is None else _READ_AS[name](value) for name, value in values.items()
    }
    return Fault(**read)


class _Order:
    """A fault in the book, and how far it has come."""

    __slots__ = ("done", "fault", "needle", "seen", "since")

    def __init__(self, fault: Fault, since: float) -> None:
        self.fault = fault
        self.since = since
        self.seen = 0
        self.done = 0
        self.needle = f'{fault.receiver}"'.encode() if fault.receiver else b""


class FaultBook:
    """The orders in force. Times are monotonic seconds."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._orders: list[_Order] = []

    def order(self, fault: Fault, now: float) -> None:
        """Take an order, from now on."""
        self._orders.append(_Order(fault, now))

    def clear(self) -> None:
        """Drop all orders."""
        self._orders.clear()

    def listing(self) -> list[dict[str, Any]]:
        """Give each order with `seen` (requests that fitted) and `done` (how often it was used)."""
        return [fault_json(o.fault) | {"seen": o.seen, "done": o.done} for o in self._orders]

    def pick(self, call: Call, now: float, body: bytes) -> Fault | None:
        """Choose the fault for a request, and use it up."""
        for order in self._orders:
            fault = order.fault
            age = now - order.since
            if (
                (fault.call is not None and fault.call is not call)
                or (fault.times and order.done >= fault.times)
                or age < fault.start
                or (fault.duration and age >= fault.start + fault.duration)
                or (order.needle and order.needle not in body)
            ):
                continue
            order.seen += 1
            if order.seen <= fault.after:
                continue
            if fault.share < 1.0 and self._rng.random() >= fault.share:
                continue
            order.done += 1
            return fault
        return None
