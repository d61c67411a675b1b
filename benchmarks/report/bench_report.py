"""How fast the report's files are written, beside pandas' to_csv and XlsxWriter on the same rows.

    python benchmarks/report/bench_report.py [--rows 1000000] [--xlsx-rows 100000]

Each figure is the median of turns in this process; memory is the peak of a process of its own
(`--memory`). Only the ratios mean something on another machine.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import xlsxwriter

from bulkcall.ledger.model import Batch, RunInfo, RunState
from bulkcall.records import Channel, OnUnknown, Outcome
from bulkcall.report.aggregate import Aggregate
from bulkcall.report.columns import outcome_columns
from bulkcall.report.csv_text import inert_cells, plain
from bulkcall.report.html import html_bytes
from bulkcall.report.model import Report
from bulkcall.report.outcomes_csv import OutcomesCsv, result_texts
from bulkcall.report.rejected_csv import RejectedCsv, can_be_saved
from bulkcall.report.rows import BLOCK, RowBlock
from bulkcall.report.summary_json import summary_bytes
from bulkcall.report.summary_md import summary_md
from bulkcall.report.xlsx import XlsxReport, _columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

COLUMNS = (
    "caller_number",
    "receiver_number",
    "label_id",
    "dynamic_label_name",
    "dynamic_call_reason",
    "starts_at",
    "ends_at",
)
START = 1_763_700_000_000


def blocks(rows: int) -> Iterator[RowBlock]:
    """Make a run: 95 % confirmed, 5 % not; seven text columns, a formula here and there."""
    for first in range(1, rows + 1, BLOCK):
        yield block(first, min(BLOCK, rows - first + 1))


def block(first: int, count: int) -> RowBlock:
    """Make some rows."""
    rng = np.random.default_rng(first)
    number = np.arange(first, first + count)
    bad = rng.random(count) < 0.05
    words = pa.array(["Your parcel arrives today", "Loan offer, till Monday", "=cmd|' /C'!A0"])
    cells = [
        pa.array(np.full(count, 918045000000) + number % 7).cast(pa.string()),
        pa.array(919810000000 + number).cast(pa.string()),
        pa.array(["5d8f3f1e-4c1b-4b62-9d3a-0c5e8f7a1b2c"] * count),
        pa.array(["Delivery", "Loan offer"]).take(pa.array(number % 2)),
        words.take(pa.array(np.where(rng.random(count) < 0.01, 2, number % 2))),
        pa.array(["2025-11-21T10:10:00+05:30"] * count),
        pa.array(["2025-11-21T18:10:00+05:30"] * count),
    ]
    sent = START + number * 3
    messages = pa.array(["", "Failed to push", "'98' is not a phone number: too short"])
    kinds = np.where(bad, 1 + number % 2, 0)
    results = pa.table(
        {
            "row": pa.array(number),
            "outcome": pa.array(["success", "error", "invalid"]).take(pa.array(kinds)),
            "message": messages.take(pa.array(kinds)),
            "field": pa.array(["", "", "receiver_number"]).take(pa.array(kinds)),
            "channel": pa.array(["batch"] * count),
            "batch_id": pa.array([f"6f1c{n // 500:06d}-0e7d-4a52-9c1e-0d5b4f3a9c" for n in number]),
            "record_id": pa.array([f"{n:08x}-4c1b-4b62-9d3a-0c5e8f7a1b2c" for n in number]),
            "match": pa.array(["stamp"] * count),
            "attempts": pa.array(np.ones(count, dtype=np.int64)),
            "http_status": pa.array(np.full(count, 200)),
            "sent_at": pa.array(sent, mask=kinds == 2),
            "confirmed_at": pa.array(sent + 30_007, mask=kinds == 2),
            "caller_number": pa.array(918045000000 + number % 7),
            "receiver_number": pa.array(919810000000 + number),
            "label_id": pa.nulls(count, pa.string()),
            "dynamic_label_name": cells[3],
        }
    )
    return RowBlock(results, pa.table(cells, names=[str(place) for place in range(len(cells))]))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work takes."""

    wall: float
    processor: float
    """Seconds of the processor, which a busy machine does not lengthen."""

    def over(self, other: Cost) -> str:
        """Tell how many times the other's cost this is."""
        return f"{self.wall / other.wall:.1f} ({self.processor / other.processor:.1f})"

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.processor:.2f} s)"


def alternated(turns: int, *works: Callable[[], object]) -> list[Cost]:
    """Give each work's median, the works taking turns so that a busy moment hits all alike."""
    taken: list[list[tuple[float, float]]] = [[] for _ in works]
    for _ in range(turns):
        for work, costs in zip(works, taken, strict=True):
            wall, processor = time.perf_counter(), time.process_time()
            work()
            costs.append((time.perf_counter() - wall, time.process_time() - processor))
    return [
        Cost(*(statistics.median(each) for each in zip(*costs, strict=True))) for costs in taken
    ]


def write_outcomes(held: list[RowBlock], path: Path) -> None:
    """Write outcomes.csv."""
    with path.open("wb") as file:
        writer = OutcomesCsv(file, COLUMNS)
        for each in held:
            writer.add(each)


def write_others(held: list[RowBlock], path: Path) -> None:
    """Add up, and write rejected.csv, report.html, summary.json and summary.md."""
    tally = Aggregate()
    with path.open("wb") as file:
        rejected = RejectedCsv(file, COLUMNS)
        for each in held:
            tally.add(each.results)
            chosen = can_be_saved(each.results)
            results = each.results.filter(chosen)
            rejected.add(
                each.cells.filter(chosen),
                results.column("field").combine_chunks(),
                results.column("message").combine_chunks(),
            )
    report = made_report(tally, rejected.rows)
    path.write_bytes(html_bytes(report) + summary_bytes(report) + summary_md(report).encode())


def made_run(rows: int) -> RunInfo:
    """Make a finished run."""
    return RunInfo(
        run_no=1,
        run_id="bench",
        file="campaign.csv",
        sha256="ab" * 32,
        channel=Channel.BATCH,
        columns=COLUMNS,
        fields={},
        account="c",
        base_url="http://127.0.0.1",
        out_dir="",
        own_times=True,
        on_unknown=OnUnknown.RESEND,
        resend=False,
        canary=0,
        dry_run=False,
        profile="",
        file_facts={},
        state=RunState.FINISHED,
        reason="",
        stop_cause=None,
        rows=rows,
        requests=2000,
        retries=0,
        started_at=START,
        finished_at=START + 3_600_000,
    )


def made_report(tally: Aggregate, rejected: int) -> Report:
    """Put a report together from the sums."""
    counts = {each: tally.outcomes[each.value] for each in Outcome}
    batches = [
        Batch(n, f"6f1c{n:06d}-0e7d-4a52-9c1e", 500, "final", START, START, 200, 1, START)
        for n in range(tally.rows // 500)
    ]
    return Report(
        run=made_run(tally.rows),
        folder=Path(),
        outcomes=counts,
        conservation=tally.conservation(tally.rows, counts),
        unexpected=(),
        rejected=rejected,
        repeated=tally.repeated,
        matches=dict(tally.matches),
        reasons=tally.reasons(),
        labels=tally.labels(),
        callers=tally.callers(),
        hours=tally.hours(),
        throughput=tally.throughput(5000.0),
        batches=tuple(batches),
    )


def write_xlsx(held: list[RowBlock], folder: Path) -> None:
    """Write report.xlsx."""
    tally = Aggregate()
    with (
        (folder / "report.xlsx").open("wb") as file,
        XlsxReport(file, COLUMNS, folder, run=made_run(0)) as book,
    ):
        for each in held:
            tally.add(each.results)
            book.add(each)
        book.finish(made_report(tally, 0))


def write_xlsxwriter(held: list[RowBlock], folder: Path) -> None:
    """Write the sheet of all rows with XlsxWriter in constant memory, cell by cell."""
    options = {"constant_memory": True, "tmpdir": str(folder)}
    with xlsxwriter.Workbook(str(folder / "peer.xlsx"), options) as book:
        sheet = book.add_worksheet()
        place = 0
        for each in held:
            for values in zip(*(c.to_pylist() for c in _columns(each, UTC)), strict=True):
                for column, value in enumerate(values):
                    if isinstance(value, str):
                        sheet.write_string(place, column, value)
                    else:
                        sheet.write_number(place, column, value)
                place += 1


def frame_of(held: list[RowBlock]) -> pd.DataFrame:
    """Give the same rows as one pandas frame, times as texts and cells made inert already."""
    tables = []
    for each in held:
        own = [inert_cells(plain(column)) for column in each.cells.columns]
        columns = [each.results.column("row"), *own, *result_texts(each.results)]
        tables.append(pa.table(columns, names=outcome_columns(COLUMNS)))
    return pa.concat_tables(tables).to_pandas()


def memory(rows: int) -> None:
    """Write everything for so many rows, made as they are needed; tell the peak."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tally = Aggregate()
        with (
            (folder / "o.csv").open("wb") as file,
            (folder / "report.xlsx").open("wb") as sheets,
            XlsxReport(sheets, COLUMNS, folder, run=made_run(0)) as book,
        ):
            writer = OutcomesCsv(file, COLUMNS)
            for each in blocks(rows):
                writer.add(each)
                tally.add(each.results)
                book.add(each)
            report = made_report(tally, 0)
            book.finish(report)
        html = len(html_bytes(report))
    # Not ru_maxrss: a child begins with its parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    print(f"{rows:,} rows: peak {peak:,.0f} MB, report.html {html:,} bytes")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx-rows", type=int, default=100_000)
    parser.add_argument("--memory", type=int, help="only write so many rows, and tell the peak")
    asked = parser.parse_args()
    if asked.memory:
        memory(asked.memory)
        return
    held = list(blocks(asked.rows))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = frame_of(held)
        ours, others, pandas = alternated(
            3,
            lambda: write_outcomes(held, folder / "outcomes.csv"),
            lambda: write_others(held, folder / "others"),
            lambda: frame.to_csv(folder / "pandas.csv", index=False),
        )
        if (folder / "outcomes.csv").stat().st_size != (folder / "pandas.csv").stat().st_size:
            raise SystemExit("the two files differ: the comparison would not be fair")
        print("seconds on the clock (of the processor); medians of turns taken in rotation")
        print(f"outcomes.csv, {asked.rows:,} rows: {ours}")
        print(f"pandas to_csv of the same frame: {pandas}, {pandas.over(ours)} times as long")
        print(f"the other files but report.xlsx: {others}, {others.over(ours)} of outcomes.csv")
        few = held[: max(1, asked.xlsx_rows // BLOCK)]
        rows = sum(each.results.num_rows for each in few)
        book, peer = alternated(
            1, lambda: write_xlsx(few, folder), lambda: write_xlsxwriter(few, folder)
        )
        print(f"report.xlsx, {rows:,} rows: {book}")
        print(f"XlsxWriter, constant memory, one sheet: {peer}, {peer.over(book)} times as long")
    sys.stdout.flush()
    for rows in (asked.rows, 5 * asked.rows):
        subprocess.run([sys.executable, __file__, "--memory", str(rows)], check=True)


if __name__ == "__main__":
    main()
