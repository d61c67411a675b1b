"""The ledger beside its peers, and alone where it has none.

    python benchmarks/ledger/run.py load      bulk load of 1M validated rows, against SQLAlchemy
                                              Core's bulk insert and pandas' to_sql
    python benchmarks/ledger/run.py history   10M rows: size of a row, runs, status, trace, repeats
    python benchmarks/ledger/run.py sender    what the ledger costs a sender, by synchronous setting

rate.py tells what it takes of a sender's rate, pipeline.py what it costs a whole run.

The peers write the same 13 columns into a table in the same kind of file (write-ahead log,
synchronous FULL), from lists and frames made ready before the clock starts: once bare, and once
with the indexes that the ledger's questions need (the queue, a number's rows, repeats). bulkcall's
own time holds all it does: packing the original cells, the texts, the queue, the search. It packs a
chunk while it writes the one before (`Ledger.add_all`), so that its clock needs a second core.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from campaigns import NOW, campaign, new_run

from bulkcall.ledger import Answered, BatchAccepted, Confirmed, Ledger, Placed
from bulkcall.records import Match, RowState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from bulkcall.ledger import ReadyRow
    from bulkcall.records import CheckedChunk

_INTS = ("row", "line", "caller_number", "receiver_number", "starts_at", "ends_at", "identity")
_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason", "field", "message")


def bare_table() -> tuple[sa.MetaData, sa.Table]:
    """Give the peers' table."""
    metadata = sa.MetaData()
    columns = [sa.Column(name, sa.Integer) for name in _INTS]
    columns += [sa.Column(name, sa.Text) for name in _TEXTS]
    return metadata, sa.Table("records", metadata, *columns, sa.Column("valid", sa.Boolean))


def engine(path: Path, *, indexed: bool) -> sa.Engine:
    """Give an engine on a new file, set up as the ledger's is."""
    made = sa.create_engine(f"sqlite:///{path}")

    @sa.event.listens_for(made, "connect")
    def _set(connection: object, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
        connection.execute("PRAGMA synchronous = FULL")  # type: ignore[attr-defined]

    metadata, _ = bare_table()
    metadata.create_all(made)
    if indexed:
        with made.begin() as connection:
            for columns in ("starts_at", "receiver_number, identity", "caller_number"):
                connection.exec_driver_sql(f"CREATE INDEX i{len(columns)} ON records ({columns})")
    return made


class Taken(NamedTuple):
    """Seconds on the clock, and of the processor: these stand still on a busy machine."""

    wall: float
    busy: float


def timed(work: Callable[[], object]) -> Taken:
    """Give the seconds that some work takes."""
    wall, busy = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - busy)


def together(parts: Sequence[Taken]) -> Taken:
    """Add the seconds up."""
    return Taken(sum(part.wall for part in parts), sum(part.busy for part in parts))


def load_bulkcall(chunks: Sequence[CheckedChunk], folder: Path) -> Taken:
    """Load through the ledger."""
    with Ledger.open(str(folder / "bulkcall.db")) as ledger:
        ledger.begin_run(new_run("run"))
        return timed(lambda: ledger.add_all("run", chunks))


def load_core(chunks: Sequence[CheckedChunk], folder: Path, *, indexed: bool = False) -> Taken:
    """Load through SQLAlchemy Core's own bulk insert."""
    made, (_, table) = engine(folder / "core.db", indexed=indexed), bare_table()
    parts = []
    for chunk in chunks:
        ready = chunk.records.to_pylist()

        def insert(ready: list[dict[str, object]] = ready) -> None:
            with made.begin() as connection:
                connection.execute(table.insert(), ready)

        parts.append(timed(insert))
    made.dispose()
    return together(parts)


def load_pandas(chunks: Sequence[CheckedChunk], folder: Path, *, indexed: bool = False) -> Taken:
    """Load through pandas' to_sql."""
    made = engine(folder / "pandas.db", indexed=indexed)
    parts = []
    for chunk in chunks:
        frame = chunk.records.to_pandas()

        def insert(frame: pd.DataFrame = frame) -> None:
            frame.to_sql("records", made, if_exists="append", index=False)

        parts.append(timed(insert))
    made.dispose()
    return together(parts)


def load(rows: int, rounds: int) -> None:
    """Print thousand rows a second of each, the median of some rounds, taken in turn."""
    chunks = campaign(rows, 1)
    ways: dict[str, Callable[[Sequence[CheckedChunk], Path], Taken]] = {
        "bulkcall": load_bulkcall,
        "Core, bare": load_core,
        "pandas, bare": load_pandas,
        "Core, indexed": partial(load_core, indexed=True),
        "pandas, indexed": partial(load_pandas, indexed=True),
    }
    seconds: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds[name].append(way(chunks, Path(folder)))
    medians = {
        name: Taken(*(statistics.median(column) for column in zip(*taken, strict=True)))
        for name, taken in seconds.items()
    }
    ours = medians["bulkcall"]
    for name, taken in medians.items():
        print(
            f"{name:16} {rows / taken.wall / 1000:5.0f} k rows/s, "
            f"{taken.busy / rows * 1e6:5.2f} µs of processor a row; "
            f"bulkcall {taken.wall / ours.wall:5.2f} x by the clock, "
            f"{taken.busy / ours.busy:5.2f} x by the processor"
        )


def history(rows: int) -> None:
    """Print what a ledger with a long history answers in which time, and what it weighs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with Ledger.open(str(path)) as ledger:
            for number in range(rows // 1_000_000):
                run_id = f"run-{number}"
                ledger.begin_run(new_run(run_id))
                for chunk in campaign(1_000_000, number):
                    ledger.add_rows(run_id, chunk)
                ledger.take_realtime(run_id, 1, now=NOW, with_doubt=True)
        print(f"{path.stat().st_size / rows:.0f} bytes a row, its original cells included")
        known = campaign(100_000, 3)[0].records
        number = str(known.column("receiver_number")[77])
        caller = str(known.column("caller_number")[77])
        found: list[object] = []
        asked: dict[str, Callable[[Ledger], object]] = {
            "runs": lambda ledger: ledger.runs(),
            "status": lambda ledger: (ledger.run("run-3"), ledger.counts("run-3")),
            "trace": lambda ledger: found.extend(ledger.trace(number).rows),
            "last_stopped": lambda ledger: ledger.last_stopped(),
        }
        for name, ask in asked.items():

            def whole(ask: Callable[[Ledger], object] = ask) -> None:
                with Ledger.open(str(path)) as ledger:
                    ask(ledger)

            times = [timed(whole).wall * 1000 for _ in range(5)]
            print(f"{name:12} {statistics.median(times):7.1f} ms, opening included")
        if not found:
            raise SystemExit("the number was not found")
        with Ledger.open(str(path)) as ledger:
            ledger.begin_run(new_run("again"))
            for chunk in campaign(100_000, 3):
                ledger.add_rows("again", chunk)
            seconds = timed(lambda: ledger.mark_repeats("again"))
            print(f"repeats of 100,000 rows against {rows:,}: {seconds.wall:.2f} s")
            for limit in (1000, None):
                heavy = timed(lambda: ledger.trace(caller, limit=limit))  # noqa: B023 - called now
                total = ledger.trace(caller, limit=1).total
                print(f"trace of a caller of {total:,} rows, limit {limit}: {heavy.wall:.2f} s")


def place(rows: Sequence[ReadyRow]) -> list[Placed]:
    """Compose a batch of all rows."""
    return [Placed(row.row, row.record.ends_at) for row in rows]


def send_realtime(ledger: Ledger, groups: int, size: int) -> None:
    """Take and answer rows in groups, as a sender does that commits every 20 ms."""
    for _ in range(groups):
        rows = ledger.take_realtime("run", size, now=NOW, with_doubt=True)
        answers = [Answered(row.row, NOW, True, 200) for row in rows]
        ledger.record("run", answers, requests=size)


def send_batches(ledger: Ledger, batches: int) -> None:
    """Take, accept and confirm batches of 500."""
    for _ in range(batches):
        taken = ledger.take_batch("run", 500, place, now=NOW, with_doubt=True)
        assert taken is not None  # noqa: S101 - there are rows enough
        batch, rows, _ = taken
        ledger.record("run", [BatchAccepted(batch, f"B-{batch}", NOW, 200)], requests=1)
        status = [Confirmed(r.row, NOW, RowState.SUCCESS, Match.STAMP, record_id="i") for r in rows]
        ledger.record("run", status)


def sender() -> None:
    """Print what durable group commits cost a sender at 1,000 rows a second, and a batch."""
    chunks = campaign(200_000, 1)
    with tempfile.TemporaryDirectory() as folder:
        for synchronous in ("full", "normal", "memory"):
            url = f"sqlite:///{folder}/{synchronous}.db?synchronous={synchronous}"
            with Ledger.open(":memory:" if synchronous == "memory" else url) as ledger:
                ledger.begin_run(new_run("run"))
                for chunk in chunks:
                    ledger.add_rows("run", chunk)
                busy, wall = time.process_time(), time.perf_counter()
                send_realtime(ledger, 1000, 20)
                busy, wall = time.process_time() - busy, time.perf_counter() - wall
                print(
                    f"{synchronous:7} real-time in groups of 20: "
                    f"{busy / 20_000 * 100_000:.1f} % of a core at 1,000 rows/s, "
                    f"{wall / 2000 * 1000:.2f} ms a commit"
                )
                busy, wall = time.process_time(), time.perf_counter()
                send_batches(ledger, 100)
                busy, wall = time.process_time() - busy, time.perf_counter() - wall
                print(
                    f"{synchronous:7} batch of 500, three commits: {busy * 10:.1f} ms of a core, "
                    f"{wall * 10:.1f} ms"
                )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["load", "history", "sender"], nargs="*")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    what = asked.what or ["load", "history", "sender"]
    if "load" in what:
        load(asked.rows, asked.rounds)
    if "history" in what:
        history(asked.history)
    if "sender" in what:
        sender()


if __name__ == "__main__":
    main()
