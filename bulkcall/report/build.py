"""From the ledger to the report and its files, in one pass over the run's rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.records import Channel
from bulkcall.report.aggregate import Aggregate
from bulkcall.report.commands import ledger_flag
from bulkcall.report.compared_csv import write_compared
from bulkcall.report.comparison import compare
from bulkcall.report.findings import (
    FindingStream,
    joined_findings,
    surplus_of,
    surplus_texts,
    with_all_findings,
)
from bulkcall.report.html import html_bytes
from bulkcall.report.model import Group, Report
from bulkcall.report.outcomes_csv import OutcomesCsv
from bulkcall.report.rejected_csv import RejectedCsv, can_be_saved
from bulkcall.report.rows import row_blocks
from bulkcall.report.run_history import run_history
from bulkcall.report.summary_json import summary_bytes
from bulkcall.report.summary_md import summary_md
from bulkcall.report.xlsx import XlsxReport
from bulkcall.support.atomic_files import make_folder, replacing_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.ledger import Ledger
    from bulkcall.records import Outcome
    from bulkcall.report.rows import RowBlock


FILES = (
    "report.html",
    "outcomes.csv",
    "rejected.csv",
    "report.xlsx",
    "summary.json",
    "summary.md",
)
"""The files of a run, in the order in which a person would open them."""
_WINDOW = {Channel.BATCH: 60, Channel.REALTIME: 1}
"""Seconds over which the API counts a token's requests (docs/pacing.md)."""
COMPARED = "compared.csv"
"""What changed since another run, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Published:
    """A report and the files that show it."""

    report: Report
    files: dict[str, Path]
    """File name → path, in the order of `FILES`."""


def build_report(
    ledger: Ledger,
    run_id: str,
    *,
    limit: float | None = None,
    against: str | None = None,
    ledger_at: str = "",
    now_ms: int = 0,
) -> Report:
    """Sum a run up without writing a file.

    `limit` is how many rows a second the account's limits allow, to draw beside the throughput;
    `against` is another run, to be compared with; `ledger_at` is the setting `ledger`, for the
    commands that the report offers; `now_ms` is when it is made. Raises LedgerError, or UsageError
    where there is no such run.
    """
    run = ledger.run_with_rows(run_id)
    before = ledger.counts(run_id)
    tally = Aggregate()
    rejected = 0
    for results in ledger.outcomes(run_id):
        tally.add(results)
        rejected += can_be_saved(results).true_count
    return _report(
        ledger,
        run_id,
        tally,
        before,
        rejected=rejected,
        limit=limit,
        against=against,
        folder=Path(run.out_dir),
        ledger_at=ledger_at,
        now_ms=now_ms,
    )


def write_report(
    ledger: Ledger, report: Report, out_dir: Path, *, show_numbers: bool = False
) -> dict[str, Path]:
    """Write the files of a run whose report was built before; see `publish`."""
    return publish(
        ledger,
        report.run.run_id,
        out_dir,
        show_numbers=show_numbers,
        limit=report.throughput.limit if report.throughput else None,
        ledger_at=report.ledger,
        now_ms=report.written_at,
    ).files


def publish(
    ledger: Ledger,
    run_id: str,
    out_dir: Path,
    *,
    show_numbers: bool = False,
    limit: float | None = None,
    against: str | None = None,
    ledger_at: str = "",
    now_ms: int = 0,
) -> Published:
    """Write every file of a run, each whole or not at all, and return the report they show.

    `conserved` is judged by the rows as they were written. `show_numbers` shows phone numbers in
    report.html, which masks them otherwise. `against` is another run: report.html then shows what
    changed since, and compared.csv holds the rows. Raises DiskFullError, LedgerError, StoppedError,
    or UsageError where there is no such run.
    """
    run = ledger.run_with_rows(run_id)
    if against is not None:
        ledger.run_with_rows(against)  # a wrong name is told before the work, not after it
    make_folder(out_dir)
    before = ledger.counts(run_id)
    tally = Aggregate()
    names = FILES if against is None else (*FILES, COMPARED)
    with (
        replacing_all(out_dir, names) as files,
        XlsxReport(files["report.xlsx"], run.columns, out_dir, run=run) as book,
    ):
        outcomes = OutcomesCsv(files["outcomes.csv"], run.columns)
        rejected = RejectedCsv(files["rejected.csv"], run.columns)
        findings = FindingStream(ledger.finding_tables(run_id))
        for block in row_blocks(ledger, run_id):
            outcomes.add(block)
            tally.add(block.results)
            book.add(block)
            _reject(rejected, block, findings)
        report = _report(
            ledger,
            run_id,
            tally,
            before,
            rejected=rejected.rows,
            limit=limit,
            against=against,
            folder=out_dir.absolute(),
            ledger_at=ledger_at,
            now_ms=now_ms,
        )
        book.finish(report)
        files["report.html"].write(html_bytes(report, show_numbers=show_numbers))
        files["summary.json"].write(summary_bytes(report))
        files["summary.md"].write(summary_md(report).encode(errors="replace"))
        if report.comparison is not None:
            write_compared(files[COMPARED], report.comparison)
    return Published(report, {name: out_dir / name for name in names})


def _reject(rejected: RejectedCsv, block: RowBlock, findings: FindingStream) -> None:
    chosen = can_be_saved(block.results)
    if not chosen.true_count:
        return
    results = block.results.filter(chosen)
    found = findings.up_to(block.results.column("row")[-1].as_py())
    fields, messages = with_all_findings(
        results.column("row").combine_chunks(),
        results.column("field").combine_chunks(),
        results.column("message").combine_chunks(),
        joined_findings(found),
    )
    codes = results.column("code").combine_chunks()
    surplus = surplus_of(results.column("row").combine_chunks(), surplus_texts(found))
    rejected.add(block.cells.filter(chosen), fields, messages, codes, surplus)


def _report(
    ledger: Ledger,
    run_id: str,
    tally: Aggregate,
    before: Mapping[Outcome, int],
    *,
    rejected: int,
    limit: float | None,
    against: str | None,
    folder: Path,
    ledger_at: str,
    now_ms: int,
) -> Report:
    run = ledger.run(run_id)
    counts = ledger.counts(run_id)
    if counts != before:
        # Somebody works on the run: its rows were read as they stood at a moment between the two.
        counts = tally.counts()
    return Report(
        run=run,
        folder=folder,
        ledger=ledger_flag(ledger_at),
        first_start=tally.first_start,
        last_end=tally.last_end,
        written_at=now_ms,
        outcomes=counts,
        conservation=tally.conservation(run.rows, counts),
        unexpected=tuple(ledger.unexpected(run_id)),
        rejected=rejected,
        repeated=tally.repeated,
        matches=dict(tally.matches),
        reasons=tally.reasons(),
        labels=_named(tally.labels(), run.file_facts.get("label_names", {})),
        callers=tally.callers(),
        hours=tally.hours(),
        throughput=tally.throughput(limit, _WINDOW[run.channel]),
        batches=tuple(ledger.batches(run_id)),
        trend=run_history(ledger, run),
        comparison=None if against is None else compare(ledger, run_id, against),
    )


def _named(labels: tuple[Group, ...], names: Mapping[str, str]) -> tuple[Group, ...]:
    """Show a label that is known by its id with the account's name for it."""
    return tuple(
        replace(label, name=f"{names[label.name.lower()]} ({label.name})")
        if label.name.lower() in names
        else label
        for label in labels
    )
