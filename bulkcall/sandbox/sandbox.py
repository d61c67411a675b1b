"""The server itself, without its wire: a request comes in, a reply goes out. Nothing here waits."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.sandbox import answers
from bulkcall.sandbox.answers import Reply
from bulkcall.sandbox.batches import BatchBook
from bulkcall.sandbox.enums import (
    BadRecord,
    Call,
    Counting,
    LabelRule,
    PlusRule,
    RetryAfter,
    Rules,
    Versions,
)
from bulkcall.sandbox.faults import FaultBook, FaultKind
from bulkcall.sandbox.inject import inject
from bulkcall.sandbox.journal import Journal
from bulkcall.sandbox.labels import label_page
from bulkcall.sandbox.limits import Limit
from bulkcall.sandbox.listing import listing
from bulkcall.sandbox.records import (
    EITHER_NUMBER,
    PLAIN_NUMBER,
    PLUS_NUMBER,
    Problem,
    problem_of,
)
from bulkcall.sandbox.test_numbers import TestNumber, test_number_of
from bulkcall.sandbox.tokens import Token, TokenBook, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.sandbox.clock import Clock
    from bulkcall.sandbox.options import SandboxOptions


@dataclass(slots=True)
class Request:
    """One of the five calls, taken off the wire."""

    call: Call
    account: str
    """From the path."""
    bearer: str | None = None
    """From Authorization; None: no bearer there."""
    json: bool = True
    """Content-Type is application/json."""
    public: bool = False
    """X-Public-Access is allow."""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    version: int = 2
    """2 or 3, from the path; 0: a call whose path has none."""

    @property
    def batch_id(self) -> str:
        """The batch that is asked for; empty: none."""
        return (self.query.get("batchId") or [""])[0]


class Sandbox:
    """One account of the API: its tokens, limits, batches, faults and journal."""

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.options = options
        """May be replaced while it runs; only what needs a new socket or file stays."""
        self.clock = clock
        self.journal = Journal(options.journal, options.journal_memory)
        self._start()

    def _start(self) -> None:
        seed = self.options.seed or None
        self.rng = random.Random(seed)  # noqa: S311 - order and delays, no secrets
        self.tokens = TokenBook(self.options.static_tokens, self.rng)
        self.faults = FaultBook(self.rng)
        for fault in self.options.faults:
            self.faults.order(fault, self.clock.monotonic())
        self.batches = BatchBook(self.rng)

    def reset(self) -> None:
        """Begin anew, as if just started; the journal's file keeps what it has."""
        self.journal.forget()
        self._start()

    def now_ms(self) -> int:
        """What the server takes for the time; it may be wrong (`clock_skew`)."""
        return self.clock.now_ms() + int(self.options.clock_skew * 1000)

    def answer(self, request: Request) -> Reply:
        """Decide what a request does and what it is answered, and write it down."""
        now = self.clock.monotonic()
        call = request.call
        fault = self.faults.pick(call, now, request.body)
        token = self._token_of(request, now)
        if fault and fault.kind is FaultKind.REVOKED and isinstance(token, Token):
            token.revoked = True
            token = Verdict.UNKNOWN
        wait = 0.0
        if isinstance(token, Token):
            wait = token.gauges[call].hit(now, self.limit_of(call), self.options.counting)
        records = _records_in(request)
        if fault and not fault.takes_effect and fault.kind is not FaultKind.REVOKED:
            reply = inject(fault, None, self.too_many)
        elif isinstance(token, Verdict):
            unreadable = token is Verdict.UNREADABLE
            reply = answers.token_unreadable() if unreadable else answers.please_login()
        elif wait > 0:
            reply = self.too_many(wait)
        else:
            reply = self._carry_out(request, records, now)
            if fault and fault.takes_effect:
                reply = inject(fault, reply, self.too_many)
        if fault:
            reply.fault = reply.fault or fault.kind.value
        self.journal.add(
            call,
            mono=now,
            at_ms=self.clock.now_ms(),
            token=token.id if isinstance(token, Token) else "",
            over=reply.over or wait > 0,
            records=records or [],
            reply=reply,
            version=request.version,
        )
        return reply

    def speaks(self, version: int) -> bool:
        """Return whether there are calls of this version; 0: those that belong to none."""
        versions = self.options.versions
        return not version or versions is Versions.BOTH or versions.value == str(version)

    def _token_of(self, request: Request, now: float) -> Token | Verdict | None:
        """Find the request's token; None: the call takes none."""
        if request.call is Call.TOKEN:
            return None
        if request.bearer is None or request.account != self.options.client_account_id:
            return Verdict.UNKNOWN
        return self.tokens.look_up(request.bearer, now)

    def limit_of(self, call: Call) -> Limit:
        """Return the limit of a call as it stands."""
        o = self.options
        requests, window = {
            Call.REALTIME: (o.realtime_limit, o.realtime_window),
            Call.BATCH_CREATE: (o.batch_limit, o.batch_window),
            Call.BATCH_STATUS: (o.status_limit, o.status_window),
            Call.TOKEN: (o.token_limit, o.token_window),
            Call.LABELS: (o.label_limit, o.label_window),
        }[call]
        return Limit(requests, window, o.bucket_size, o.count_refused)

    def _carry_out(self, request: Request, records: list[Any] | None, now: float) -> Reply:
        match request.call:
            case Call.REALTIME:
                return self._realtime(request, records)
            case Call.BATCH_CREATE:
                return self._batch_create(request, records, now)
            case Call.BATCH_STATUS:
                return self._batch_status(request, now)
            case Call.TOKEN:
                return self._create_token(request, now)
            case Call.LABELS:
                o = self.options
                shown = label_page(o.labels, request.query, o.label_shape)
                return Reply(200, orjson.dumps(shown))

    def _create_token(self, request: Request, now: float) -> Reply:
        o = self.options
        try:
            pair = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return answers.refused("", "it is not JSON")
        right = {"key_id": o.key_id, "api_key": o.api_key}
        if not request.public or request.account != o.client_account_id:
            return answers.please_login()
        for name in right:
            if type(pair) is not dict or not pair.get(name):
                return answers.invalid_input(f"{name} is required")
        if pair != right:
            return answers.please_login()
        counting = o.counting
        if counting is Counting.BUCKET:
            counting = Counting.SLIDING  # a cap on creations; a bucket size is meant for requests
        wait = self.tokens.creation.hit(now, self.limit_of(Call.TOKEN), counting)
        if wait > 0:
            reply = self.too_many(wait)
            reply.over = True
            return reply
        now_ms = self.now_ms()
        text = self.tokens.create(o.client_account_id, now, now_ms, o.token_life)
        stamp = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
        created_at = stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Reply(200, orjson.dumps({"token": text, "created_at": created_at}), applied=True)

    def _problem(self, record: Any, version: int) -> Problem | None:
        o = self.options
        number = PLUS_NUMBER if version == 3 else PLAIN_NUMBER  # noqa: PLR2004 - the API's version
        if o.plus is PlusRule.EITHER:
            number = EITHER_NUMBER
        labels = None
        if o.label_rule is LabelRule.KNOWN:
            labels = {
                one.id.lower()
                for one in o.labels
                if one.label_type == "dynamic" and not one.deleted_at
            }
        return problem_of(record, self.now_ms(), number, labels)

    def _realtime(self, request: Request, records: list[Any] | None) -> Reply:
        shape = self.options.shape
        if not request.json or records is None:
            return self._unreadable(request)
        problem = self._problem(records[0], request.version)
        if problem:
            return answers.refused(*problem, shape)
        fate = self._fate(records[0])
        if fate is None:
            return answers.processed(shape)
        if fate.alone:
            return self._alone(fate, answers.processed(shape))
        if fate.message:
            return answers.processed_with_error(fate.message, shape)
        return answers.processed(shape)

    def _batch_create(self, request: Request, records: list[Any] | None, now: float) -> Reply:
        o = self.options
        if not request.json or records is None:
            return self._unreadable(request)
        if not 1 <= len(records) <= o.batch_size:
            return answers.refused(
                "call_records", f"call_records must hold 1 to {o.batch_size} records", o.shape
            )
        bad: list[int] = []
        lonely: TestNumber | None = None
        for position, record in enumerate(records):
            wrong = self._problem(record, request.version)
            if wrong and (o.bad_record is BadRecord.REFUSE or type(record) is not dict):
                return answers.refused(*wrong, o.shape)
            if wrong:
                bad.append(position)
            elif (fate := self._fate(record)) and fate.alone:
                lonely = fate
        if lonely and len(records) > 1:
            return answers.refused("receiver_number", "receiver_number is not accepted", o.shape)
        if lonely and lonely.alone in ("400", "503"):
            return self._alone(lonely, answers.processed())
        batch = self.batches.add(records, frozenset(bad), o, now, self.now_ms())
        reply = answers.uploaded(batch.id, o.shape)
        return self._alone(lonely, reply) if lonely else reply

    def _batch_status(self, request: Request, now: float) -> Reply:
        if not request.batch_id:
            return answers.refused("batchId", "batchId is required", self.options.shape)
        batch = self.batches.get(request.batch_id)
        if batch is None:  # [?] in api.md: said in the API's usual form
            reply = answers.refused("batchId", "batchId is not known", self.options.shape)
            reply.status = 404
            return reply
        shown = listing(batch, self.batches.entries(batch), request.account, self.options, now)
        return Reply(200, orjson.dumps(shown), batch_id=batch.id)

    def _fate(self, record: dict[str, Any]) -> TestNumber | None:
        return test_number_of(record) if self.options.rules is Rules.DIGITS else None

    def _alone(self, fate: TestNumber, taken: Reply) -> Reply:
        """Answer a request that holds only a record whose fate is the request's."""
        if fate.alone == "400":
            shape = self.options.shape
            return answers.refused("receiver_number", "receiver_number is not accepted", shape)
        if fate.alone == "503":
            reply = answers.html_page(503)
        else:
            status = 502 if fate.alone == "502" else 200
            reply = answers.html_page(status)
            reply.applied, reply.batch_id, reply.word = True, taken.batch_id, taken.word
        reply.fault = "rule"
        return reply

    def _unreadable(self, request: Request) -> Reply:
        shape = self.options.shape
        if not request.json:
            return answers.refused("", "Content-Type must be application/json", shape)
        if request.call is Call.BATCH_CREATE:
            text = "call_records must be a list of call records"
            return answers.refused("call_records", text, shape)
        return answers.refused("", "it is not a JSON object", shape)

    def too_many(self, wait: float, form: RetryAfter | None = None) -> Reply:
        """429, with Retry-After in the form that is set (or asked for)."""
        form = form or self.options.retry_after
        if form is RetryAfter.ABSENT:
            return answers.too_many(b"")
        if form is RetryAfter.DATE:
            due = math.ceil(self.now_ms() / 1000 + wait)
            return answers.too_many(formatdate(due, usegmt=True).encode())
        return answers.too_many(b"%d" % max(1, math.ceil(wait)))


def _records_in(request: Request) -> list[Any] | None:
    """Read the records of a body; None: it has not the shape that the call wants."""
    if request.call in (Call.BATCH_STATUS, Call.TOKEN, Call.LABELS):
        return []
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    if type(body) is not dict:
        return None
    if request.call is Call.REALTIME:
        return [body]
    records = body.get("call_records")
    return records if type(records) is list else None
