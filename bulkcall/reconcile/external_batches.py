"""Reconciling what others sent: `ask` (or a saved answer), `compare`, and `adopt` into a run.

The run was loaded for this and sends nothing; `adopt` writes into it what the batches say, so that
the same report comes out.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from bulkcall.api import ApiFailure
from bulkcall.errors import InterruptedRun, ServerAwayError, UsageError
from bulkcall.ledger.model import Confirmed, Placed
from bulkcall.ratelimit import StopRequested
from bulkcall.reconcile.compare import Comparison, StatusData, compare
from bulkcall.reconcile.schema import read_listing
from bulkcall.reconcile.settling import Settling
from bulkcall.records import CallRecord, Outcome, RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkcall.api import Api
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger
    from bulkcall.progress import StopToken
    from bulkcall.reconcile.verdict import Verdict

BETWEEN = 1.0
"""Seconds between two looks at a batch."""
IN_FLIGHT = 4
"""Batches asked for side by side; the status lane sets the pace."""
NO_SUCH_BATCH = (400, 404)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a campaign file, taken as if it had been sent."""

    row: int
    record: CallRecord


def adopt(ledger: Ledger, run_id: str, answers: Sequence[StatusData], *, at: int) -> Comparison:
    """Compare a run's waiting rows with these batches, and write the result into the run.

    The run was loaded for this and never sent; afterwards none of its valid rows waits. Rows of
    which no batch is known stand in a batch without an id.

    Args:
        ledger: holds the run.
        run_id: a run whose rows are loaded, with `resend` so that repeats are no matter.
        answers: at least one.
        at: epoch ms.

    Raises:
        LedgerError: the ledger can't be read or written.
    """
    rows = list(_waiting_rows(ledger, run_id))
    found = compare(rows, answers)
    places: dict[str, list[FileRow]] = {one.batch_id: [] for one in answers}
    for row in rows:
        places.setdefault(found.batch_of.get(row.row, ""), []).append(row)
    for batch_id, members in places.items():
        batch = ledger.adopt_batch(
            run_id, batch_id, [Placed(row.row, row.record.ends_at) for row in members], at=at
        )
        verdicts = [found.verdicts[row.row] for row in members]
        ledger.record(run_id, [_event(verdict, at) for verdict in verdicts])
        strangers = found.unexpected.get(batch_id, ())
        if strangers:
            told = [{"batch_id": batch_id, **one.as_json()} for one in strangers]
            ledger.add_unexpected(run_id, batch, told)
        final = all(verdict.state is not RowState.ACCEPTED for verdict in verdicts)
        ledger.note_poll(batch, at=at, final=final)
    return found


async def ask(
    api: Api,
    batch_ids: Iterable[str],
    *,
    clock: Clock,
    stop: StopToken,
    timeout: float,  # noqa: ASYNC109 - measured on the given clock
) -> list[StatusData]:
    """Get the status of batches that others sent.

    Each is asked for until all that it lists is final and two answers agree, or the time is up.

    Raises:
        CredentialsError: the API does not accept the credentials.
        ServerAwayError: a batch's status could not be had in time.
        UsageError: the server does not know one of the batches.
        InterruptedRun: a stop was requested before all were asked for.
    """
    end = clock.monotonic() + timeout
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(batch_id: str) -> StatusData:
        async with room:
            return await _ask_one(api, batch_id, clock=clock, stop=stop, end=end)

    tasks = [asyncio.create_task(one(batch_id)) for batch_id in dict.fromkeys(batch_ids)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask_one(
    api: Api, batch_id: str, *, clock: Clock, stop: StopToken, end: float
) -> StatusData:
    settling = Settling(clock.monotonic())
    latest: StatusData | None = None
    problem = ""
    while True:
        try:
            answer = await api.batch_status(api.slots[0], batch_id, stop)
        except StopRequested as asked:
            raise InterruptedRun(f"stopped ({stop.reason}); nothing was compared") from asked
        except ApiFailure as failure:
            problem = failure.message
            if failure.http_status in NO_SUCH_BATCH:
                raise UsageError(
                    f"batch {batch_id}: the server does not know it: {problem}"
                ) from failure
        else:
            latest = StatusData(batch_id, answer.records, answer.odd)
            listing = await asyncio.to_thread(read_listing, answer.records)
            whole = bool(listing.records) and all(one.final for one in listing.records)
            settling.see(clock.monotonic(), frozenset(listing.records), whole=whole)
        if settling.settled_at_the_end or stop.requested or clock.monotonic() >= end:
            break
        await clock.sleep(BETWEEN)
    if latest is None:
        raise ServerAwayError(f"batch {batch_id}: its status could not be had: {problem}")
    return latest


def read_status_file(path: str, batch_ids: Sequence[str] = ()) -> list[StatusData]:
    """Read saved batch status answers: one answer, a list of answers, or a bare list of records.

    Args:
        path: a JSON file.
        batch_ids: names the batch where the file does not.

    Raises:
        UsageError: it can't be read, or holds something else.
    """
    try:
        content = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not JSON: {error}") from error
    named = batch_ids[0] if len(batch_ids) == 1 else Path(path).stem
    answers = content if isinstance(content, list) else [content]
    if answers and all(
        isinstance(one, dict) and isinstance(one.get("data"), list) for one in answers
    ):
        return [StatusData(str(one.get("batch_id") or named), one["data"]) for one in answers]
    if isinstance(content, list):
        return [StatusData(named, content)]
    raise UsageError(
        f"{path}: is no batch status answer: it needs `data`, a list of records, as "
        "GET dynamic_call_records?batchId=… answers"
    )


def _event(verdict: Verdict, at: int) -> Confirmed:
    return Confirmed(
        verdict.row,
        at,
        verdict.state,
        verdict.match,
        verdict.message,
        verdict.field,
        verdict.record_id,
        verdict.code,
    )


def _waiting_rows(ledger: Ledger, run_id: str) -> Iterator[FileRow]:
    for table in ledger.outcomes(run_id):
        for row in table.to_pylist():
            if row["outcome"] == Outcome.UNSENT:
                yield FileRow(
                    row["row"],
                    CallRecord(
                        str(row["caller_number"]),
                        str(row["receiver_number"]),
                        row["starts_at"],
                        row["ends_at"],
                        row["label_id"],
                        row["dynamic_label_name"],
                        row["dynamic_call_reason"],
                    ),
                )
