"""Runs: begun, found, moved from state to state."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bulkcall.errors import StopCause, UsageError
from bulkcall.ledger.model import RunInfo, RunState
from bulkcall.records import Channel, OnUnknown, RowState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.model import NewRun
    from bulkcall.ledger.store import Transaction

_ENDED = frozenset({RunState.STOPPED, RunState.WITHHELD, RunState.FINISHED, RunState.ABANDONED})
_RUN = """
    SELECT r.run_no, r.run_id, r.file, r.sha256, r.channel, r.columns, r.fields, a.account,
        a.base_url, r.out_dir, r.own_times, r.on_unknown, r.resend, r.canary, r.dry_run, r.profile,
        r.file_facts, r.state, r.reason, r.row_count, r.requests, r.retries, r.started_at,
        r.finished_at, r.purged_at, r.stop_cause, r.canary_passed, r.stop_requested_at, r.parent
    FROM runs r JOIN accounts a ON a.account_no = r.account_no
"""


def begin(transaction: Transaction, new: NewRun) -> RunInfo:
    """Write a run down, in state LOADING."""
    transaction.run(
        "INSERT INTO accounts (account, base_url) VALUES (?, ?) ON CONFLICT DO NOTHING",
        new.account,
        new.base_url,
    )
    account_no = transaction.value(
        "SELECT account_no FROM accounts WHERE account = ? AND base_url = ?",
        new.account,
        new.base_url,
    )
    if transaction.one("SELECT 1 FROM runs WHERE run_id = ?", new.run_id):
        raise UsageError(f"a run {new.run_id} stands in the ledger already; choose another id")
    run_no = transaction.value(
        "INSERT INTO runs (run_id, account_no, file, sha256, channel, columns, fields, out_dir,"
        " own_times, on_unknown, resend, canary, dry_run, profile, file_facts, state, started_at,"
        " parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING run_no",
        new.run_id,
        account_no,
        new.file,
        new.sha256,
        str(new.channel),
        json.dumps(list(new.columns)),
        json.dumps({str(name): index for name, index in new.fields.items()}),
        new.out_dir,
        int(new.own_times),
        str(new.on_unknown),
        int(new.resend),
        new.canary,
        int(new.dry_run),
        new.profile,
        json.dumps(dict(new.file_facts)),
        str(RunState.LOADING),
        new.started_at,
        new.parent,
    )
    transaction.many(
        "INSERT INTO tallies (run_no, state, row_count) VALUES (?, ?, 0)",
        [(run_no, int(state)) for state in RowState],
    )
    return by_number(transaction, run_no)


def by_number(transaction: Transaction, run_no: int) -> RunInfo:
    """Return one run."""
    return _info(transaction.all(_RUN + " WHERE r.run_no = ?", run_no)[0])


def find(transaction: Transaction, run_id: str | None) -> RunInfo:
    """Return one run by its id or a unique prefix of it; the latest when None.

    Raises UsageError where there is none, or more than one.
    """
    if run_id is None:
        found = transaction.all(_RUN + " ORDER BY r.run_no DESC LIMIT 1")
        if not found:
            raise UsageError("the ledger holds no run yet; start one with `bulkcall run FILE`")
        return _info(found[0])
    found = transaction.all(_RUN + " WHERE r.run_id = ?", run_id)
    if not found and run_id:
        found = transaction.all(
            _RUN + " WHERE substr(r.run_id, 1, ?) = ? ORDER BY r.run_no LIMIT 3",
            len(run_id),
            run_id,
        )
    if not found:
        raise UsageError(f"the ledger holds no run {run_id}; `bulkcall runs` lists them")
    if len(found) > 1:
        raise UsageError(
            f"more than one run begins with {run_id} ({found[0][1]}, {found[1][1]} …); "
            "give more of its id"
        )
    return _info(found[0])


def find_with_rows(transaction: Transaction, run_id: str | None) -> RunInfo:
    """Return one run as `find` does; UsageError where its rows were purged."""
    run = find(transaction, run_id)
    if run.purged_at is not None:
        day = datetime.fromtimestamp(run.purged_at / 1000, UTC).date()
        raise UsageError(
            f"the rows of run {run.run_id} were purged on {day}; `bulkcall status {run.run_id}` "
            "shows its counts, and a report that was written before is left as it is"
        )
    return run


def newest(transaction: Transaction, limit: int) -> list[RunInfo]:
    """Return the newest runs, newest first."""
    return [_info(row) for row in transaction.all(_RUN + " ORDER BY r.run_no DESC LIMIT ?", limit)]


def resumable(transaction: Transaction) -> list[RunInfo]:
    """Return the runs that stopped or that a process left, if it is dead; newest first."""
    found = transaction.all(
        _RUN
        + " WHERE r.state IN ('stopped', 'loading', 'sending', 'confirming') ORDER BY r.run_no DESC"
    )
    return [_info(row) for row in found]


def with_content(transaction: Transaction, sha256: str) -> list[RunInfo]:
    """Return the runs of a campaign file by its content, newest first."""
    return [
        _info(row)
        for row in transaction.all(_RUN + " WHERE r.sha256 = ? ORDER BY r.run_no DESC", sha256)
    ]


def latest_end(transaction: Transaction, run_no: int) -> int | None:
    """Return the latest `ends_at` of a run's rows, epoch milliseconds; None where none has one."""
    found: int | None = transaction.value("SELECT MAX(ends_at) FROM rows WHERE run_no = ?", run_no)
    return found


def relocate(transaction: Transaction, run_no: int, file: str, out_dir: str) -> None:
    """Note where a run's campaign file and report have been moved."""
    transaction.run("UPDATE runs SET file = ?, out_dir = ? WHERE run_no = ?", file, out_dir, run_no)


def set_state(
    transaction: Transaction,
    run_no: int,
    state: RunState,
    *,
    at: int,
    reason: str,
    cause: StopCause | None,
) -> None:
    """Move a run to a state; one that ends it notes the time.

    A run that its canary stopped goes on only when a person resumes it: from then on the canary is
    over, whatever stops the run next.
    """
    transaction.run(
        "UPDATE runs SET state = ?, reason = ?, stop_cause = ?, finished_at = ?,"
        " canary_passed = CASE WHEN stop_cause = 'canary' AND ? <> stop_cause THEN 1"
        " ELSE canary_passed END WHERE run_no = ?",
        str(state),
        reason,
        cause or "",
        at if state in _ENDED else None,
        cause or "",
        run_no,
    )


def pass_canary(transaction: Transaction, run_no: int) -> None:
    """Note that the run's canary need not go first any more."""
    transaction.run("UPDATE runs SET canary_passed = 1 WHERE run_no = ?", run_no)


def note_facts(transaction: Transaction, run_no: int, facts: Mapping[str, Any]) -> None:
    """Add to what is known of a run for its report; a name that is there gets the new value."""
    known = transaction.value("SELECT file_facts FROM runs WHERE run_no = ?", run_no)
    merged = json.dumps({**json.loads(known), **facts})
    transaction.run("UPDATE runs SET file_facts = ? WHERE run_no = ?", merged, run_no)


def request_stop(transaction: Transaction, run_no: int, at: int | None) -> None:
    """Note when somebody asked the process that works on a run to stop; None takes it back."""
    transaction.run("UPDATE runs SET stop_requested_at = ? WHERE run_no = ?", at, run_no)


def holder(transaction: Transaction, run_no: int) -> str:
    """Return what the last process that worked on a run wrote of itself; may be empty."""
    return transaction.value("SELECT holder FROM holds WHERE run_no = ?", run_no) or ""


def count_requests(transaction: Transaction, run_no: int, requests: int, retries: int) -> None:
    """Add to the run's requests and retries."""
    if requests or retries:
        transaction.run(
            "UPDATE runs SET requests = requests + ?, retries = retries + ? WHERE run_no = ?",
            requests,
            retries,
            run_no,
        )


def _info(row: tuple[Any, ...]) -> RunInfo:
    return RunInfo(
        run_no=row[0],
        run_id=row[1],
        file=row[2],
        sha256=row[3],
        channel=Channel(row[4]),
        columns=tuple(json.loads(row[5])),
        fields=json.loads(row[6]),
        account=row[7],
        base_url=row[8],
        out_dir=row[9],
        own_times=bool(row[10]),
        on_unknown=OnUnknown(row[11]),
        resend=bool(row[12]),
        canary=row[13],
        dry_run=bool(row[14]),
        profile=row[15],
        file_facts=json.loads(row[16]),
        state=RunState(row[17]),
        reason=row[18],
        rows=row[19],
        requests=row[20],
        retries=row[21],
        started_at=row[22],
        finished_at=row[23],
        purged_at=row[24],
        stop_cause=StopCause(row[25]) if row[25] else None,
        canary_passed=bool(row[26]),
        stop_requested_at=row[27],
        parent=row[28],
    )
