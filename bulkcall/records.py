"""The words that every stage shares: fields, channels, states, outcomes, and what flows.

Only the standard library is imported here, so that `bulkcall --help` stays quick. Frames of text
travel as Arrow tables (`pyarrow.Table`): they keep a file's own column order, allow two columns of
one name, and reach pandas without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


STANDARD_INPUT: Final = "-"
"""What is given for a campaign file that comes on standard input."""


class Field(StrEnum):
    """The fields of a call record (api.md, A record), in the order in which they are written."""

    CALLER_NUMBER = "caller_number"
    RECEIVER_NUMBER = "receiver_number"
    LABEL_ID = "label_id"
    DYNAMIC_LABEL_NAME = "dynamic_label_name"
    DYNAMIC_CALL_REASON = "dynamic_call_reason"
    STARTS_AT = "starts_at"
    ENDS_AT = "ends_at"


class Channel(StrEnum):
    """How records travel (contract: Words)."""

    BATCH = "batch"
    """Up to 500 records a request, confirmed later by batch status."""
    REALTIME = "realtime"
    """One record a request, answered at once."""


class OnUnknown(StrEnum):
    """What to do with a row of which a try may have been taken (`--on-unknown`)."""

    RESEND = "resend"
    HOLD = "hold"


class Outcome(StrEnum):
    """The one word that a row ends with (contract: Outcomes). The order is the report's order."""

    SUCCESS = "success"
    """The API confirmed it."""
    ERROR = "error"
    """The API says that it failed, with its message."""
    REFUSED = "refused"
    """The API answered 400 for it, with field and message."""
    MISSING = "missing"
    """Accepted in a batch, but the batch's final status does not list it."""
    PENDING = "pending"
    """Accepted, and not final when the wait for reconciliation ran out."""
    UNKNOWN = "unknown"
    """A try may have been taken, and nothing since settles what became of it."""
    FAILED = "failed"
    """Every allowed try was turned away, so that the API can't have taken it."""
    INVALID = "invalid"
    """Failed validation here."""
    DUPLICATE = "duplicate"
    """The same record stands earlier in the file, or an earlier run sent it."""
    EXPIRED = "expired"
    """Its `ends_at` passed before its turn came."""
    UNSENT = "unsent"
    """The run was stopped before its turn; resuming takes it up."""


class RowState(IntEnum):
    """Where a row stands in its life (docs/life-cycle.md draws it). The ledger stores the number.

    Never renumber a member: ledgers on users' disks hold these figures.
    """

    READY = 0
    """Valid and waiting for its turn; no try can have been taken."""
    SENDING = 1
    """Written down as going out; a crash now leaves it in doubt."""
    DOUBT = 2
    """A try may have been taken; it waits to be sent again."""
    HELD = 3
    """A try may have been taken; it is not sent again by itself."""
    ACCEPTED = 4
    """Stands in a batch that the API accepted; batch status will tell."""
    SUCCESS = 10
    ERROR = 11
    REFUSED = 12
    MISSING = 13
    FAILED = 14
    INVALID = 15
    DUPLICATE = 16
    EXPIRED = 17

    @property
    def outcome(self) -> Outcome:
        """The word this state is reported as."""
        return _OUTCOME_OF[self]


_OUTCOME_OF = {
    RowState.READY: Outcome.UNSENT,
    RowState.SENDING: Outcome.UNKNOWN,
    RowState.DOUBT: Outcome.UNKNOWN,
    RowState.HELD: Outcome.UNKNOWN,
    RowState.ACCEPTED: Outcome.PENDING,
    RowState.SUCCESS: Outcome.SUCCESS,
    RowState.ERROR: Outcome.ERROR,
    RowState.REFUSED: Outcome.REFUSED,
    RowState.MISSING: Outcome.MISSING,
    RowState.FAILED: Outcome.FAILED,
    RowState.INVALID: Outcome.INVALID,
    RowState.DUPLICATE: Outcome.DUPLICATE,
    RowState.EXPIRED: Outcome.EXPIRED,
}


class Match(StrEnum):
    """How a row's batch result was found (contract: Matching a row with batch status)."""

    NUMBER = "number"
    """Its numbers are whole and it alone fits."""
    STAMP = "stamp"
    """Numbers masked; its time stamp is its own."""
    GROUP = "group"
    """Rows that look alike all ended the same way."""
    NONE = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call record, as it goes to the API (api.md, A record)."""

    caller_number: str
    """Digits with country code, no plus."""
    receiver_number: str
    starts_at: int
    """Epoch milliseconds."""
    ends_at: int
    """Epoch milliseconds; after `starts_at`, at most 24 hours later."""
    label_id: str | None = None
    dynamic_label_name: str | None = None
    dynamic_call_reason: str | None = None


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """What loading learned of a campaign file before its first row: identity and columns."""

    path: str
    """As the user gave it."""
    sha256: str
    """Of the file's own bytes, in lower-case hex; with the row number it is a row's identity."""
    size: int
    """Bytes."""
    kind: str
    """What the content is: csv, csv.gz, csv.zip, xlsx, xls or ods."""
    columns: tuple[str, ...]
    """The header's cells with their own text, in file order; names may repeat or be empty."""
    fields: Mapping[Field, int]
    """Which column (index into `columns`) holds which field of the record."""
    header_line: int
    """The physical line (or sheet row) of the header, counted from 1."""
    encoding: str = ""
    """CSV: the text encoding that was found."""
    delimiter: str = ""
    """CSV: the delimiter that was found."""
    sheet: str = ""
    """Spreadsheets: the sheet that was read."""
    notes: tuple[str, ...] = ()
    """Lines a person should see, e.g. how the encoding was decided."""


class RowRule(StrEnum):
    """Why a row as a whole can't be trusted: found by loading, before its values are looked at."""

    SURPLUS_CELLS = "row.surplus_cells"
    """More cells than the header has, and the surplus holds something."""
    BROKEN_QUOTES = "row.broken_quotes"
    """CSV: text after a closing quote."""
    NUL = "row.nul"
    """A NUL character in a cell that a record is made of."""
    CELL_ERROR = "cell.error"
    """A spreadsheet shows an error (`#N/A`) in a cell that a record is made of."""
    FORMULA_NOT_COMPUTED = "cell.formula_not_computed"
    """A formula without a stored value in a cell that a record is made of."""
    CELL_UNREADABLE = "cell.unreadable"
    """A typed cell that a record is made of has no text (a date beyond the calendar, bytes)."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row as a whole."""

    rule: RowRule
    message: str
    """One line for a person: what is wrong and what to do."""
    column: int | None = None
    """Index into `CampaignFile.columns` where one cell is to blame."""
    surplus: str = ""
    """Text of the row that stands in none of its cells: surplus cells, the cell with broken quotes
    as it was written. rejected.csv carries it beyond the last column, so that a row that nobody
    corrected is not valid when the file is given back."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive rows of a campaign file, as text.

    `cells` has one string column for each of `CampaignFile.columns`, in that order, with the cells'
    own text (no trimming); a missing cell is the empty string, never null. Column names of the
    table are the positions "0", "1", … so that repeated names do no harm.
    """

    first_row: int
    """Row number (from 1) of the chunk's first row."""
    cells: pa.Table
    lines: pa.Array
    """int64: the physical line (or sheet row) on which each row starts."""
    faults: Mapping[int, RowFault] = field(default_factory=dict)
    """Row number → why the row as a whole can't be trusted (a surplus cell that holds text …)."""

    def __len__(self) -> int:
        """Count the rows."""
        return int(self.cells.num_rows)


@dataclass(frozen=True, slots=True)
class CheckedChunk:
    """A chunk after validation: typed records for valid rows, findings for the others.

    `records` has one row for each row of the chunk, in order, with the columns

    - `row` int64, `line` int64, `valid` bool
    - `caller_number`, `receiver_number` int64 (digits with country code), `starts_at`, `ends_at`
      int64 (epoch ms), `label_id`, `dynamic_label_name`, `dynamic_call_reason` string (null where
      absent); all null where the row is invalid and the value could not be read
    - `identity` int64: a hash of everything but the times, for finding repeats (null when invalid)
    - `field`, `message`, `code` string: the most helpful finding of an invalid row, else null

    `findings` has one row a finding: `row` int64, `line` int64, `field`, `code`, `value`, `message`
    string; `code` is one of bulkcall/codes.py.
    """

    chunk: Chunk
    records: pa.Table
    findings: pa.Table
    texts: Mapping[Field, pa.DictionaryArray] = field(default_factory=dict)
    """Validation's own: label and reason, trimmed, each distinct text once; absent is empty."""
    digest: NDArray[np.uint64] | None = None
    """Validation's own: two words a row, alike where the finished records are; for equal rows."""

    def __len__(self) -> int:
        """Count the rows."""
        return int(self.records.num_rows)
