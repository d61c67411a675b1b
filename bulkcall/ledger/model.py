"""What goes into the ledger and what comes out: plain frozen objects, no SQL.

Times are epoch milliseconds (int) throughout. `batch` is the ledger's own number of a batch request
(known before the request is sent); `batch_id` is the server's (known once it has answered).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bulkcall.records import CallRecord, Channel, Match, OnUnknown, RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.errors import StopCause


class RunState(StrEnum):
    """Where a run stands."""

    LOADING = "loading"
    """Rows are being written; a run that dies here has sent nothing."""
    SENDING = "sending"
    """Rows are being sent."""
    CONFIRMING = "confirming"
    """All is sent that can be; batch status is being asked."""
    STOPPED = "stopped"
    """Stopped by an error or a signal; resuming takes it up."""
    WITHHELD = "withheld"
    """Nothing was sent on purpose (`--dry-run`, `--max-invalid`); only an explicit resume sends."""
    FINISHED = "finished"
    """Went through to its end."""
    ABANDONED = "abandoned"
    """Failed while loading (unreadable file …); nothing was sent and nothing can be resumed."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known when a run begins."""

    run_id: str
    file: str
    """The campaign file's path, as the user gave it."""
    sha256: str
    channel: Channel
    columns: Sequence[str]
    """The campaign file's own header."""
    fields: Mapping[str, int]
    account: str
    """The client account id; repeats are looked for within one account and base URL."""
    base_url: str
    out_dir: str
    started_at: int
    own_times: bool = True
    """False where the times come from `--start` and `--window` (contract: Equal rows)."""
    on_unknown: OnUnknown = OnUnknown.RESEND
    resend: bool = False
    canary: int = 0
    dry_run: bool = False
    profile: str = ""
    parent: str = ""
    """The id of the run whose rows this one tries again; empty for a campaign of its own."""
    file_facts: Mapping[str, Any] = field(default_factory=dict)
    """Kind, encoding, delimiter, sheet, notes: JSON-able, for the report."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as the ledger holds it."""

    run_no: int
    run_id: str
    file: str
    sha256: str
    channel: Channel
    columns: tuple[str, ...]
    fields: Mapping[str, int]
    account: str
    base_url: str
    out_dir: str
    own_times: bool
    on_unknown: OnUnknown
    resend: bool
    canary: int
    dry_run: bool
    profile: str
    file_facts: Mapping[str, Any]
    state: RunState
    reason: str
    """Why it stopped, one line for people; empty otherwise."""
    stop_cause: StopCause | None
    """The same for programs; None otherwise."""
    rows: int
    requests: int
    """HTTP requests that carried records, every try counted."""
    retries: int
    """Those of them that were not the first try."""
    started_at: int
    finished_at: int | None
    canary_passed: bool = False
    """The canary need not go first any more: confirmed, or resumed after it had failed."""
    stop_requested_at: int | None = None
    """When `bulkcall stop` asked the process that works on it to stop; None where nobody did."""
    parent: str = ""
    """The id of the run whose rows this one tries again; empty for a campaign of its own."""
    purged_at: int | None = None
    """When its rows were purged; counts and file facts are all that is left then."""


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A row whose turn may come: its record as validated, and what its life so far allows."""

    row: int
    record: CallRecord
    attempts: int
    """How many times it was sent or may have been, before this turn."""
    tries: int
    """How many of its allowed tries are spent."""
    state: RowState
    """READY or DOUBT."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row put into a request: its `ends_at` as sent, which is its stamp in a batch."""

    row: int
    ends_at: int


# -- what can happen to rows: one `Ledger.record` call writes a list of these in one transaction ---


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Rows that were taken but whose request was never sent: as if they had not been taken."""

    rows: Sequence[int]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The request was turned away, so that the API can't have taken it (429, 503, no connection …).

    The attempt is taken back. `spend_try` counts it against the row's allowed tries; `final` ends
    the row: `failed`, or held as unknown where an earlier try is in doubt.
    """

    rows: Sequence[int]
    at: int
    http_status: int | None
    message: str
    spend_try: bool = True
    final: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A try may have been taken: no answer, a 500, 502 or 504, an unreadable 200.

    `again` leaves the row waiting to be sent again (DOUBT), else it is held (HELD).
    """

    rows: Sequence[int]
    at: int
    http_status: int | None
    message: str
    again: bool


@dataclass(frozen=True, slots=True)
class BatchAccepted:
    """The API took the batch. On disk before the batch counts as accepted."""

    batch: int
    batch_id: str
    at: int
    http_status: int


@dataclass(frozen=True, slots=True)
class BatchSplit:
    """The API refused the batch as a whole (400): its rows wait again, for smaller ones."""

    batch: int
    at: int
    http_status: int
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The API answered 400 for this one row."""

    row: int
    at: int
    http_status: int
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A real-time 200 that could be read: `success`, or `error` with the server's message."""

    row: int
    at: int
    success: bool
    http_status: int
    message: str = ""
    field: str = ""
    code: str = ""
    """Why it failed, as a word of bulkcall/codes.py."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What batch status says of a row: SUCCESS, ERROR, MISSING, or ACCEPTED: not final yet."""

    row: int
    at: int
    state: RowState
    match: Match
    message: str = ""
    field: str = ""
    record_id: str = ""
    code: str = ""
    """Why it failed, as a word of bulkcall/codes.py."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The row's `ends_at` passed before its turn."""

    rows: Sequence[int]
    at: int
    message: str = ""


Event = (
    GivenBack
    | TurnedAway
    | Doubtful
    | BatchAccepted
    | BatchSplit
    | Refused
    | Answered
    | Confirmed
    | Expired
)


# -- batches ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch request of a run."""

    batch: int
    batch_id: str
    """Empty until the server has answered."""
    size: int
    state: str
    """sending, accepted, final (its status is final), refused, turned_away or doubtful."""
    created_at: int
    accepted_at: int | None
    http_status: int | None
    polls: int
    polled_at: int | None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row as it was sent in a batch, for matching: `record.ends_at` is the stamp as sent."""

    row: int
    record: CallRecord
    state: RowState
    attempts: int


@dataclass(frozen=True, slots=True)
class TracedRow:
    """One row of one run, for `bulkcall trace NUMBER`."""

    run_id: str
    row: int
    record: CallRecord
    outcome: str
    message: str
    channel: Channel
    batch_id: str
    record_id: str
    attempts: int
    http_status: int | None
    sent_at: int | None
    confirmed_at: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """The rows of one number, newest first."""

    rows: Sequence[TracedRow]
    total: int
    """How many there are in all; more than `rows` where fewer were asked for."""
