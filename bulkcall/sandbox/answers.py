"""What the server says, word for word where the documentation gives the words (api.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

import orjson

from bulkcall.sandbox.enums import Shape

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html")

_PAGE = (
    b"<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Ending(Enum):
    """How an answer ends."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    """Half the body, then the connection closes."""
    RESET = "reset"
    """Nothing; the connection is reset."""
    HANG = "hang"
    """Nothing for `delay` seconds; then the connection closes."""


@dataclass(slots=True)
class Reply:
    """What goes back for a request."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)
    ending: Ending = Ending.WHOLE
    delay: float = 0.0
    """Seconds before the answer leaves; of a hang: until the connection closes."""
    applied: bool = False
    """The request took effect."""
    word: str = ""
    """Real-time: the status that became of the record."""
    batch_id: str = ""
    """Batch create: the batch that was made, even if the client never learns of it."""
    over: bool = False
    """The request was over a limit."""
    fault: str = ""
    """The kind of the fault that was used on it; `rule`: a receiver's digits did it."""


_LOGIN_AGAIN = b'{"slug":"authorization-error","message":"please login again"}'
_BAD_TOKEN = b'{"slug":"internal-server-error","message":"500/50011 - Failed to parse token"}'
_FORBIDDEN = b'{"slug":"forbidden-error","message":"not authorized. please contact your admin."}'
_TOO_MANY = b'{"slug":"too-many-requests","message":"rate limit exceeded"}'  # ours: [?] in api.md
_MAINTENANCE = (
    b"<!DOCTYPE html>\n<html><head><title>Scheduled maintenance</title></head>"
    b"<body><h1>We'll be right back</h1></body></html>\n"
)


def _shaped(info: dict[str, str], shape: Shape) -> bytes:
    if shape is Shape.FLAT:
        return orjson.dumps(info)
    return orjson.dumps({"statusInfo" if shape is Shape.CAMEL else "status_info": info})


def processed(shape: Shape = Shape.DOCUMENTED) -> Reply:
    """Real-time: the record was processed."""
    info = {"status": "success", "message": "Record processed successfully"}
    return Reply(200, _shaped(info, shape), applied=True, word="success")


def processed_with_error(message: str, shape: Shape = Shape.DOCUMENTED) -> Reply:
    """Real-time: the record was taken and failed."""
    info = {"status": "error", "message": message}
    return Reply(200, _shaped(info, shape), applied=True, word="error")


def uploaded(batch_id: str, shape: Shape = Shape.DOCUMENTED) -> Reply:
    """Batch create: the batch was taken."""
    body = {"batch_id": batch_id}
    if shape is Shape.OLD:
        message = f"Records Uploaded Successfully. BatchID: {batch_id}"
        body = {"status": "success", "message": message}
    return Reply(200, orjson.dumps(body), applied=True, batch_id=batch_id)


def refused(field_name: str, problem: str, shape: Shape = Shape.DOCUMENTED) -> Reply:
    """400: the request is invalid; `field` is absent where no field is at fault."""
    info = {
        "status": "error",
        "field": field_name,
        "message": f"Request body is invalid: {problem}",
    }
    if not field_name:
        del info["field"]
    return Reply(400, _shaped(info, shape))


def invalid_input(message: str) -> Reply:
    """400 of the token call: a part of the key pair is not there."""
    return Reply(400, orjson.dumps({"slug": "invalid-input", "message": message}))


def forbidden() -> Reply:
    """403: this key lacks the right to the call."""
    return Reply(403, _FORBIDDEN)


def maintenance() -> Reply:
    """200 with a page for people, from whatever stands before the server."""
    return Reply(200, _MAINTENANCE, (HTML,))


def please_login() -> Reply:
    """401: the token (or key pair) is unknown, expired or revoked."""
    return Reply(401, _LOGIN_AGAIN)


def token_unreadable() -> Reply:
    """500: what stands where a token should is none."""
    return Reply(500, _BAD_TOKEN)


def too_many(retry_after: bytes) -> Reply:
    """429, with Retry-After unless that is empty."""
    headers = (JSON, (b"retry-after", retry_after)) if retry_after else (JSON,)
    return Reply(429, _TOO_MANY, headers)


def html_page(status: int) -> Reply:
    """A proxy's own page."""
    phrase = HTTPStatus(status).phrase.encode()
    return Reply(status, _PAGE % (status, phrase, status, phrase), (HTML,))
