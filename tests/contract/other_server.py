"""A second emulator, as small and as literal as can be, written from the API's documentation alone.

The sandbox and the client were made side by side; this one knows neither, so that the two can't
agree on a mistake. It complains of every request that is not to the letter, answers what the
documentation leaves open in the oddest way that it allows, and takes orders for single answers.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "0b1a5c11-1111-4111-8111-000000000abc"
KEY_ID = "7d3e2a10-2222-4222-8222-00000000c0de"
API_KEY = "5ec2e7aa-3333-4333-8333-00000000beef"

ALLOWED = {
    "caller_number": str,
    "receiver_number": str,
    "label_id": str,
    "dynamic_label_name": str,
    "dynamic_call_reason": str,
    "starts_at": int,
    "ends_at": int,
}
REQUIRED = ("caller_number", "receiver_number", "starts_at", "ends_at")
DAY = 24 * 3600 * 1000


@dataclass
class Answer:
    """One answer that was ordered; `body` may be any JSON, or bytes as they are."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    drop: bool = False
    """Close the connection without an answer."""


@dataclass
class Seen:
    """One request as it came."""

    call: str
    headers: dict[str, str]
    records: list[dict[str, Any]]
    batch_id: str
    at: float


class OtherServer:
    """The documented calls on a free port of loopback."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.seen: list[Seen] = []
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.polls: dict[str, int] = {}
        self.tokens: list[str] = []
        self.orders: dict[str, list[Answer]] = {}
        self.mask: Callable[[str], str] = lambda _: "************"
        self.new_batch_id: Callable[[], str] = lambda: f"{len(self.batches) + 1:020d}"
        self.listing: Callable[[str, list[dict[str, Any]], int], Any] | None = None
        self.fate: Callable[[dict[str, Any]], dict[str, Any]] = lambda _: {"status": "success"}
        self.token_life = 10**9
        self.version = 2
        """The one version that it speaks."""
        self.labels: Any = []
        """What the label listing answers, page after page."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """Give the settings that point bulkcall here, with limits that no test has to wait for."""
        return {
            "BULKCALL_BASE_URL": self.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": ACCOUNT,
            "BULKCALL_KEY_ID": KEY_ID,
            "BULKCALL_API_KEY": API_KEY,
            "BULKCALL_STATUS_PER_MINUTE": "1200",
            "BULKCALL_BATCH_PER_MINUTE": "1200",
            "BULKCALL_RECONCILE_TIMEOUT": "3",
        }

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def order(self, call: str, *answers: Answer) -> None:
        """Give these answers to the next requests of a call."""
        self.orders.setdefault(call, []).extend(answers)

    def calls(self, call: str) -> list[Seen]:
        """Give the requests of one call, in order."""
        return [seen for seen in self.seen if seen.call == call]

    # -- what happens to a request -----------------------------------------------------------------

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request."""
        with self._lock:
            return self._answer(method, path, headers, body)

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        record = f"/v{self.version}/clients/{ACCOUNT}/dynamic_call_record"
        call = {
            ("POST", f"/clients/{ACCOUNT}/token"): "token",
            ("GET", f"/clients/{ACCOUNT}/labels"): "labels",
            ("POST", record): "realtime",
            ("POST", f"{record}s"): "batch",
            ("GET", f"{record}s"): "status",
        }.get((method, parts.path))
        if call is None:
            self.complaints.append(f"no such call: {method} {target}")
            return Answer(404, {"slug": "not-found"})
        query = parse_qs(parts.query, keep_blank_values=True)
        records = self._records(call, headers, body)
        seen = Seen(call, headers, records, query.get("batchId", [""])[0], time.monotonic())
        self.seen.append(seen)
        if call == "status" and set(query) != {"batchId"}:
            self.complaints.append(f"query of batch status: {parts.query}")
        if call != "token":
            scheme, _, token = headers.get("authorization", "").partition(" ")
            if scheme != "Bearer" or token not in self.tokens[-self.token_life :]:
                return Answer(401, {"slug": "authorization-error", "message": "please login again"})
        if self.orders.get(call):
            ordered = self.orders[call].pop(0)
            if ordered.applied:
                self._apply(seen)
            return ordered
        return self._apply(seen)

    def _records(self, call: str, headers: dict[str, str], body: bytes) -> list[dict[str, Any]]:
        if call in ("status", "labels"):
            if body:
                self.complaints.append(f"{call} with a body")
            return []
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            self.complaints.append(f"{call}: content type {headers.get('content-type')!r}")
        data = json.loads(body)
        if call == "token":
            if headers.get("x-public-access") != "allow" or "authorization" in headers:
                self.complaints.append("token: wants X-Public-Access: allow, and no bearer")
            if set(data) != {"key_id", "api_key"}:
                self.complaints.append(f"token: keys {sorted(data)}")
            return []
        if call == "batch" and (set(data) != {"call_records"} or not 1 <= len(_of(data)) <= 500):
            self.complaints.append("batch: not {call_records: [1 to 500]}")
        records = _of(data) if call == "batch" else [data]
        for record in records:
            self.complaints += [
                f"{call}: {wrong}: {record}" for wrong in faults_of(record, self.version)
            ]
        return records

    def _apply(self, seen: Seen) -> Answer:
        if seen.call == "token":
            # Not a JWT, and with characters that only a careless client would escape.
            token = f"tok.{uuid.uuid4().hex}.~+/{len(self.tokens)}=="
            self.tokens.append(token)
            return Answer(200, {"token": token, "created_at": "2025-09-15T15:29:38Z"})
        if seen.call == "realtime":
            return Answer(200, {"status_info": self.fate(seen.records[0])})
        if seen.call == "batch":
            batch_id = self.new_batch_id()
            self.batches[batch_id] = seen.records
            return Answer(200, {"batch_id": batch_id, "status": "queued", "count": 1})
        if seen.call == "labels":
            return Answer(200, self.labels)
        if seen.batch_id not in self.batches:
            self.complaints.append(f"unknown batch {seen.batch_id!r} was asked for")
            return Answer(404, {"slug": "not-found"})
        polls = self.polls[seen.batch_id] = self.polls.get(seen.batch_id, 0) + 1
        elements = [self.element(r, i) for i, r in enumerate(self.batches[seen.batch_id])][::-1]
        listed = self.listing(seen.batch_id, elements, polls) if self.listing else elements
        return Answer(
            200, {"client_account_id": ACCOUNT, "batch_id": seen.batch_id, "data": listed}
        )

    def element(self, record: dict[str, Any], place: int) -> dict[str, Any]:
        """Give a record as batch status lists it; its creation time has odd numbers of digits."""
        fraction = "." + "7" * place if place % 10 else ""
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([record, place]))),
            "label_id": "",
            "dynamic_label_name": "",
            "dynamic_call_reason": "",
            **record,
            "caller_number": self.mask(record["caller_number"]),
            "receiver_number": self.mask(record["receiver_number"]),
            "status_info": self.fate(record),
            "created_at": f"2025-07-23T09:07:32{fraction}Z",
        }


def part(number: str) -> str:
    """Mask as `91******7890`."""
    return number[:2] + "*" * (len(number) - 6) + number[-4:]


def faults_of(record: dict[str, Any], version: int = 2) -> list[str]:
    """Say what of a record is not as documented for this version."""
    wrong = [f"{name} is missing" for name in REQUIRED if name not in record]
    for name, value in record.items():
        if name not in ALLOWED:
            wrong.append(f"{name} is unknown")
        elif type(value) is not ALLOWED[name]:
            wrong.append(f"{name} is no {ALLOWED[name].__name__}")
    if wrong:
        return wrong
    return [told for told, fault in _values(record, version).items() if fault]


def _values(record: dict[str, Any], version: int) -> dict[str, bool]:
    """Give every rule for a value, and whether it is broken."""
    label = record.get("label_id", "00000000-0000-4000-8000-000000000000")
    reason = record.get("dynamic_call_reason", "abcdefghij")
    numbers = (record["caller_number"], record["receiver_number"])
    return {
        "a number is not written as this version wants it": not all(
            re.fullmatch((r"\+" if version == 3 else "") + r"[1-9][0-9]{6,14}", number)
            for number in numbers
        ),
        "ends_at is past": record["ends_at"] < time.time() * 1000,
        "not 0 to 24 hours": not 0 < record["ends_at"] - record["starts_at"] <= DAY,
        "no label": not {"label_id", "dynamic_label_name"} & record.keys(),
        "label_id is no UUID": str(uuid.UUID(label)) != label.lower(),
        "dynamic_label_name": not 3 <= len(record.get("dynamic_label_name", "abc")) <= 40,
        "dynamic_call_reason": not 10 <= len(reason) <= 100,
        "a character of the reason": bool(set(reason) & set("!@#$%^&*()_+/")),
        "an end of the reason": reason != reason.strip(".,- "),
    }


def _of(data: dict[str, Any]) -> list[dict[str, Any]]:
    records = data.get("call_records")
    return records if isinstance(records, list) else []


def _handler(server: OtherServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(self.command, self.path, headers, body)
            if answer.drop:
                self.close_connection = True
                return
            content = (
                answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            )
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # a client that was killed
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = _do  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    return Handler
