"""The tables of the current schema version; migrations.py knows how older ledgers get there.

A row of a campaign file is known by one number, `rows.id` = run number x 2^32 + row number, so
that a run is a range of the primary key, in file order. The texts of a record repeat a lot and
stand once a chunk in `wordings`. What only the report reads (a chunk's original cells, its
findings, which rows a batch was made of) is packed into blobs.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from bulkcall.ledger.lifecycle import WAITING, in_states

SCHEMA_VERSION = 4

APPLICATION_ID = 0x62756C6B
"""Stands in the header of each SQLite ledger ("bulk"), so that no other file is taken for one."""

ROW_BITS = 32
"""How many low bits of `rows.id` hold the row number."""

# SQLite gives only a column declared INTEGER the speed of its own row number.
_KEY = BigInteger().with_variant(Integer, "sqlite")
_BIG = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_no", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("base_url", String, nullable=False),
    # Rows taken to be sent so far, in all runs: tells a run that another one is sending too.
    Column("taken", BigInteger, nullable=False, server_default="0"),
    Index("accounts_by_name", "account", "base_url", unique=True),
)

runs = Table(
    "runs",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("run_id", String, nullable=False, unique=True),
    Column("account_no", Integer, nullable=False),
    Column("file", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("columns", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("out_dir", String, nullable=False),
    Column("own_times", SmallInteger, nullable=False),
    Column("on_unknown", String, nullable=False),
    Column("resend", SmallInteger, nullable=False),
    Column("canary", Integer, nullable=False),
    Column("dry_run", SmallInteger, nullable=False),
    Column("profile", String, nullable=False),
    Column("file_facts", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("row_count", BigInteger, nullable=False, server_default="0"),
    Column("requests", BigInteger, nullable=False, server_default="0"),
    Column("retries", BigInteger, nullable=False, server_default="0"),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    # No waiting row ends before this time; 0 where that has to be looked up again.
    Column("next_end", BigInteger, nullable=False, server_default="0"),
    # What `accounts.taken` was when this run last took rows, and when it last looked for repeats.
    Column("taken_mark", BigInteger, nullable=False, server_default="0"),
    Column("seen_mark", BigInteger, nullable=False, server_default="0"),
    Column("purged_at", BigInteger),
    # Why it stopped, for programs (errors.StopCause); empty where it did not.
    Column("stop_cause", String, nullable=False, server_default=""),
    # The canary was confirmed, or the run was resumed after it had failed.
    Column("canary_passed", SmallInteger, nullable=False, server_default="0"),
    Column("stop_requested_at", BigInteger),
    # The id of the run whose rows this one tries again.
    Column("parent", String, nullable=False, server_default=""),
    Index("runs_by_state", "state"),
    Index("runs_by_account", "account_no", "taken_mark"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("state", SmallInteger, primary_key=True),
    Column("row_count", BigInteger, nullable=False),
)

chunks = Table(
    "chunks",
    metadata,
    Column("chunk_no", _KEY, primary_key=True),
    # `rows.id` of its first row.
    Column("id", _BIG, nullable=False, unique=True),
    Column("row_count", Integer, nullable=False),
    Column("finding_count", Integer, nullable=False),
    Column("cells", LargeBinary, nullable=False),
    Column("findings", LargeBinary),
    sqlite_autoincrement=True,
)

# Which rows have which receiver, for `trace` and for repeats: receiver_index.py.
postings = Table(
    "postings",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=False),
    Column("first", _BIG, nullable=False),
    Column("entries", LargeBinary, nullable=False),
)

# Which chunks hold rows of which caller: a campaign has few callers, so each stands once a chunk.
callers = Table(
    "callers",
    metadata,
    Column("caller", _BIG, primary_key=True, autoincrement=False),
    Column("first", _BIG, primary_key=True, autoincrement=False),
    # How many of the chunk's rows are theirs: `trace` counts by it.
    Column("row_count", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

wordings = Table(
    "wordings",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=False),
    Column("label_id", Text),
    Column("name", Text),
    Column("reason", Text),
)

rows = Table(
    "rows",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=False),
    Column("run_no", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("caller", _BIG),
    Column("receiver", _BIG),
    Column("starts_at", _BIG),
    Column("ends_at", _BIG),
    Column("identity", _BIG),
    Column("wording", _BIG),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("doubtful", SmallInteger, nullable=False, server_default="0"),
    Column("batch", _BIG),
    Column("earlier_batch", _BIG),
    Column("sent_at", _BIG),
    Column("earlier_sent_at", _BIG),
    Column("http_status", SmallInteger),
    Column("confirmed_at", _BIG),
    Column("record_id", Text),
    Column("matched", Text),
    Column("field", Text),
    Column("message", Text),
    # Why, as a word of bulkcall/codes.py; only where the state and http_status don't tell.
    Column("code", Text),
)

# The rows that wait, in their turn. SQLite ends each index entry with the row's own number anyway.
_WAITING = text(f"state {in_states(WAITING)}")
Index("rows_waiting", rows.c.run_no, rows.c.starts_at, sqlite_where=_WAITING).ddl_if("sqlite")
Index("rows_waiting", rows.c.run_no, rows.c.starts_at, rows.c.id, postgresql_where=_WAITING).ddl_if(
    "postgresql"
)

batches = Table(
    "batches",
    metadata,
    Column("batch", _KEY, primary_key=True),
    Column("run_no", Integer, nullable=False),
    Column("batch_id", String, nullable=False, server_default=""),
    Column("size", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger),
    Column("http_status", SmallInteger),
    Column("polls", Integer, nullable=False, server_default="0"),
    Column("polled_at", BigInteger),
    Column("placed", LargeBinary, nullable=False),
    Index("batches_by_run", "run_no", "state"),
    sqlite_autoincrement=True,
)

unexpected = Table(
    "unexpected",
    metadata,
    Column("batch", _KEY, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("run_no", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Index("unexpected_by_run", "run_no"),
)

token_creations = Table(
    "token_creations",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("account", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("token_creations_by_account", "account", "created_at"),
)

holds = Table(
    "holds",
    metadata,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
)


def row_key(run_no: int, row: int) -> int:
    """Return the `rows.id` of a row."""
    return (run_no << ROW_BITS) | row


def row_range(run_no: int) -> tuple[int, int]:
    """Return the first and the last `rows.id` that a run can hold, both included."""
    return run_no << ROW_BITS, ((run_no + 1) << ROW_BITS) - 1


def row_number(key: int) -> int:
    """Return the row number in a `rows.id`."""
    return key & ((1 << ROW_BITS) - 1)
