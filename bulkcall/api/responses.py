"""Reading answers: api.md's tables understood word for word, everything else survived. Pure code.

What no page of the documentation settles is read with tolerance: the content type is ignored, a
byte order mark, NaN, doubled names and unknown members do no harm, and a body of another shape is
never a traceback.
"""

from __future__ import annotations

import json
import math
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.api.answers import BatchAnswer, RealtimeAnswer, StatusAnswer
from bulkcall.api.failures import (
    ApiFailure,
    BadRequest,
    ClientError,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreadable,
)
from bulkcall.api.transport import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

LONGEST_MESSAGE = 500
BAD_TOKEN_WORDS = "failed to parse token"  # noqa: S105 - the server's message (api.md, Errors)
_TRY_LATER = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_NOTHING = object()


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
    """Tell whether the answer means that the token is no good (api.md, Errors: 401 and one 500)."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return True
    return (
        response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        and BAD_TOKEN_WORDS in message_of(response).lower()
    )


def realtime_answer(response: httpx.Response) -> RealtimeAnswer:
    """Read a 2xx of the real-time call."""
    told = parse(response.content)
    info = told.get("status_info") if isinstance(told, dict) else None
    word = info.get("status") if isinstance(info, dict) else None
    if (
        _cut(response)
        or not isinstance(info, dict)
        or not isinstance(word, str)
        or not word.strip()
    ):
        raise _unreadable(response, told)
    # Whatever is not the server's own `success` is no success (contract: Outcomes).
    success = word.strip().lower() == "success"
    message = _line(info.get("message"))
    return RealtimeAnswer(
        success=success,
        http_status=response.status_code,
        message=message if message or success else f"status {_line(word)}",
        field=_line(info.get("field")),
    )


def batch_answer(response: httpx.Response) -> BatchAnswer:
    """Read a 2xx of batch create."""
    told = parse(response.content)
    batch_id = told.get("batch_id") if isinstance(told, dict) else None
    if isinstance(batch_id, int) and not isinstance(batch_id, bool):
        batch_id = str(batch_id)
    if _cut(response) or not isinstance(batch_id, str) or not batch_id.strip():
        raise _unreadable(response, told)
    return BatchAnswer(batch_id.strip(), response.status_code)


def status_answer(response: httpx.Response) -> StatusAnswer:
    """Read a 2xx of batch status."""
    told = parse(response.content)
    data = told.get("data", _NOTHING) if isinstance(told, dict) else _NOTHING
    if data is None:
        data = []  # nothing listed yet
    if _cut(response) or not isinstance(data, list):
        raise _unreadable(response, told)
    records = [element for element in data if isinstance(element, dict)]
    return StatusAnswer(
        response.status_code,
        records,
        odd=len(data) - len(records),
        envelope={name: value for name, value in told.items() if name != "data"},
    )


def failure(response: httpx.Response, now_ms: int) -> ApiFailure:
    """Read an answer that is no 2xx."""
    status = response.status_code
    said = message_of(response)
    line = f"HTTP {status}: {said}" if said else f"HTTP {status} {_phrase(status)}".rstrip()
    if status == HTTPStatus.BAD_REQUEST:
        return BadRequest(said or line, field=_field_of(response))
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
    told = parse(response.content)
    if isinstance(told, dict):
        info = told.get("status_info")
        for place in (info, told) if isinstance(info, dict) else (told,):
            for name in ("message", "error", "detail", "slug"):
                if line := _line(place.get(name)):
                    return line
        return ""
    if told is not None and not isinstance(told, str):
        return ""
    text = told if isinstance(told, str) else response.content[:4096].decode("utf-8", "replace")
    return "" if "<" in text or "{" in text else _line(text)


def _field_of(response: httpx.Response) -> str:
    told = parse(response.content)
    info = told.get("status_info") if isinstance(told, dict) else None
    for place in (info, told):
        if isinstance(place, dict) and (line := _line(place.get("field"))):
            return line
    return ""


def _unreadable(response: httpx.Response, told: object) -> Unreadable:
    status = response.status_code
    if why := _cut(response):
        return Unreadable(f"HTTP {status}, but the answer can't be read: {why}", http_status=status)
    body = response.content.strip()
    if not body:
        what = "it is empty"
    elif body.startswith(b"<"):
        what = "it is a page of HTML or XML"
    elif told is None:
        what = "it is not whole JSON"
    else:
        what = "it is JSON of another shape"
    return Unreadable(f"HTTP {status}, but the answer can't be read: {what}", http_status=status)


def _cut(response: httpx.Response) -> str:
    return str(response.extensions.get(CUT_OFF, ""))


def _line(value: object) -> str:
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


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
