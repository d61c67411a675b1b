"""Answers read: the documentation's tables word for word, everything else survived. Pure code.

What no page of the documentation settles is read with tolerance: the content type is ignored, a
byte order mark, NaN, doubled names and unknown members do no harm, and a body of another shape is
never a traceback.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.api.failures import (
    ApiFailure,
    BadRequest,
    ClientError,
    ForbiddenError,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreadable,
)
from bulkcall.api.transport import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

LONGEST_TEXT = 500
"""Characters of any text of the server's that is kept."""
LONGEST_BATCH_ID = 200
_BAD_TOKEN = re.compile(r"\b500/50011\b|failed to parse token", re.IGNORECASE)
"""In a 500's message: a bad token, not a broken server (api.md, Errors)."""
_OLDER_BATCH_ID = re.compile(r"BatchID:\s*(\S+)", re.IGNORECASE)
"""In the message of the older version's create."""
_INFO_NAMES = ("status_info", "statusInfo")
_OTHER_NAMES = (
    ("statusInfo", "status_info"),
    ("caller", "caller_number"),
    ("receiver", "receiver_number"),
)
"""Names of a listed record in other documented shapes, and the usual ones."""
_KNOWN_WORDS = ("success", "error")
_RECORD_TEXTS = ("id", "message", "field", "created_at")
_TRY_LATER = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class RealtimeAnswer:
    """A real-time call that was answered with a 2xx that could be read (api.md, Calls)."""

    success: bool
    """True only where the server's own word is `success`."""
    http_status: int
    message: str = ""
    field: str = ""
    requests: int = 1
    """HTTP requests that carried the record in this call (2 after a token was replaced)."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """A batch that the API took."""

    batch_id: str
    http_status: int
    requests: int = 1


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A batch's status as the server tells it; each of `records` is an object, else unchecked."""

    http_status: int
    records: list[dict[str, object]]
    """The elements of `data` as they came, in the server's order; numbers may be masked."""
    odd: int = 0
    """Elements of `data` that were no objects, left out of `records`."""
    requests: int = 1
    envelope: Mapping[str, object] = field(default_factory=dict)
    """The other members of the answer (`client_account_id`, `batch_id`)."""


def parse(body: bytes) -> Any:
    """Parse JSON as tolerantly as can be; `None` as well as an unreadable body give None."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        # NaN, Infinity and bytes that are no UTF-8: not JSON, but it can be told what they mean.
        return json.loads(body.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None


def bad_token(response: httpx.Response) -> bool:
    """Return whether the token is no good (api.md, Errors: 401 and one 500)."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return True
    return (
        response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        and _BAD_TOKEN.search(message_of(response)) is not None
    )


def realtime_answer(response: httpx.Response) -> RealtimeAnswer:
    """Read a 2xx of the real-time call.

    The page shows `status_info`; another one `statusInfo`, and failures without either. Without
    one, only a word that the documentation knows is taken for the record's status.
    """
    body = parse(response.content)
    info = _info(body)
    word = info.get("status")
    if _cut(response) or not isinstance(word, str) or not word.strip():
        raise unreadable(response, body)
    if info is body and word.strip().lower() not in _KNOWN_WORDS:
        raise unreadable(response, body)
    # Whatever is not the server's own `success` is no success (contract: Outcomes).
    success = word.strip().lower() == "success"
    message = one_line(info.get("message"))
    return RealtimeAnswer(
        success=success,
        http_status=response.status_code,
        message=message if message or success else f"status {one_line(word)}",
        field=one_line(info.get("field")),
    )


def batch_answer(response: httpx.Response) -> BatchAnswer:
    """Read a 2xx of batch create; the older version has the id in its message.

    The id is opaque: it is kept as it came, if it can be printed and is no longer than any id.
    """
    body = parse(response.content)
    batch_id: object = None
    if isinstance(body, dict):
        batch_id = body.get("batch_id", body.get("batchId"))
        if batch_id is None and str(body.get("status")).lower() == "success":
            named = _OLDER_BATCH_ID.search(str(body.get("message")))
            batch_id = named[1] if named else None
    if isinstance(batch_id, int) and not isinstance(batch_id, bool):
        batch_id = str(batch_id)
    if (
        _cut(response)
        or not isinstance(batch_id, str)
        or not batch_id.strip()
        or not batch_id.isprintable()
        or len(batch_id) > LONGEST_BATCH_ID
    ):
        raise unreadable(response, body)
    return BatchAnswer(batch_id, response.status_code)


def status_answer(response: httpx.Response) -> StatusAnswer:
    """Read a 2xx of batch status; the older version's is a bare array."""
    body = parse(response.content)
    envelope: dict[str, object] = {}
    data: object = body
    if isinstance(body, dict):
        envelope = {name: value for name, value in body.items() if name != "data"}
        data = body.get("data", body)
        if data is None:
            data = []  # nothing listed yet
    if _cut(response) or not isinstance(data, list):
        raise unreadable(response, body)
    records = [_cleaned(element) for element in data if isinstance(element, dict)]
    return StatusAnswer(
        response.status_code, records, odd=len(data) - len(records), envelope=envelope
    )


def _cleaned(element: dict[str, object]) -> dict[str, object]:
    """Put a listed record under its usual names, and bound and clean the texts that people see.

    In place. What is evidence (numbers, label, name, reason, times) stays as it came.
    """
    for name, usual in _OTHER_NAMES:
        if name in element and usual not in element:
            element[usual] = element.pop(name)
    for place in (element, element.get("status_info")):
        if isinstance(place, dict):
            for name in (*_RECORD_TEXTS, "status"):
                text = place.get(name)
                if isinstance(text, str) and not _is_line(text):
                    place[name] = one_line(text)
    return element


def failure(response: httpx.Response, now_ms: int) -> ApiFailure:
    """Read an answer that is not a 2xx."""
    status = response.status_code
    said = message_of(response)
    line = f"HTTP {status}: {said}" if said else f"HTTP {status} {_phrase(status)}".rstrip()
    if status == HTTPStatus.BAD_REQUEST:
        return BadRequest(said or line, field=_field_of(response))
    if status == HTTPStatus.FORBIDDEN:
        return ForbiddenError(line, by_api=isinstance(parse(response.content), dict))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(line, retry_after=retry_after(response.headers, now_ms))
    if status in _TRY_LATER:
        return Unavailable(
            line, http_status=status, retry_after=retry_after(response.headers, now_ms)
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFault(line, http_status=status)
    if response.is_redirect:
        # Followed, it would show phone numbers to whoever is named there.
        line = (
            f"HTTP {status}: the server points elsewhere, which is not followed; check the base URL"
        )
    return ClientError(line, http_status=status)


def retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Read Retry-After, seconds or an HTTP date, as seconds from now; None where it says nothing.

    A date is held against the answer's own `Date`, so that a difference of clocks does no harm.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        at = _http_date(text)
        if at is None:
            return None
        now = _http_date(headers.get("date", ""))
        return max(0.0, at - (now_ms / 1000 if now is None else now))
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def server_time(headers: Mapping[str, str]) -> float | None:
    """Read the answer's `Date` as epoch seconds."""
    return _http_date(headers.get("date", ""))


def message_of(response: httpx.Response) -> str:
    """Find the one line in which an error answer says what is wrong; empty where there is none."""
    body = parse(response.content)
    if isinstance(body, dict):
        for place in (_info(body), body):
            for name in ("message", "error", "detail", "slug"):
                if line := one_line(place.get(name)):
                    return line
        return ""
    if body is not None and not isinstance(body, str):
        return ""
    text = body if isinstance(body, str) else response.content[:4096].decode("utf-8", "replace")
    return "" if "<" in text or "{" in text else one_line(text)


def _field_of(response: httpx.Response) -> str:
    body = parse(response.content)
    if not isinstance(body, dict):
        return ""
    return one_line(_info(body).get("field")) or one_line(body.get("field"))


def _info(body: object) -> dict[str, Any]:
    """Return the object that holds `status` and `message`; the body itself in a flat answer."""
    if not isinstance(body, dict):
        return {}
    for name in _INFO_NAMES:
        if name in body:
            info = body[name]
            return info if isinstance(info, dict) else {}
    return body


def unreadable(response: httpx.Response, parsed: object) -> Unreadable:
    """Return the failure that says why a 2xx can't be read; `parsed` is what `parse` made of it."""
    status = response.status_code
    if why := _cut(response):
        return Unreadable(f"HTTP {status}, but the answer can't be read: {why}", http_status=status)
    body = response.content.strip()
    if not body:
        what = "it is empty"
    elif body.startswith(b"<"):
        what = "it is a page of HTML or XML"
    elif parsed is None:
        what = "it is not whole JSON"
    else:
        what = "it is JSON of another shape"
    return Unreadable(f"HTTP {status}, but the answer can't be read: {what}", http_status=status)


def _cut(response: httpx.Response) -> str:
    return str(response.extensions.get(CUT_OFF, ""))


def _is_line(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isprintable()


def one_line(value: object) -> str:
    """Return a text of the server's as one bounded line without control characters, else ''."""
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
