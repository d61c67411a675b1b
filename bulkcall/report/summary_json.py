"""summary.json: the run in one object for machines (contract: Files of a run)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.report.times import iso

if TYPE_CHECKING:
    from bulkcall.report.model import Report


def summary(report: Report) -> dict[str, Any]:
    """Return the object that summary.json holds; times are ISO 8601 in UTC, or null."""
    run = report.run
    linked = {"parent": run.parent} if run.parent else {}
    return {
        "run_id": run.run_id,
        **linked,
        "file": run.file,
        "sha256": run.sha256,
        "channel": run.channel.value,
        "rows": report.rows,
        "outcomes": {outcome.value: count for outcome, count in report.outcomes.items()},
        "conserved": report.conserved,
        "requests": run.requests,
        "retries": run.retries,
        "started_at": iso(run.started_at),
        "finished_at": None if run.finished_at is None else iso(run.finished_at),
        "unexpected": [dict(record) for record in report.unexpected],
    }


def summary_bytes(report: Report) -> bytes:
    """Return summary.json's text."""
    return orjson.dumps(summary(report), option=orjson.OPT_INDENT_2, default=str) + b"\n"
