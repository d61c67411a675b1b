"""frictionless: the rules as a table schema and one row check. Prints its counts as JSON.

Its rule for numbers is simpler than the product's, as in duckdb_rules.py; equal rows are
compared as they are written.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs
from frictionless import Check, Checklist, Resource, Schema, checks, errors, system, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frictionless import Row

NUMBER = r"(\+91|0091|91|0)?[ \-]?[6-9]\d{4}[ \-]?\d{5}"
TIME = "%Y-%m-%dT%H:%M:%S%z"
NOW = time.time()


@attrs.define(kw_only=True, repr=False)
class Window(Check):
    """The rules that depend on two fields."""

    type = "window"
    Errors: ClassVar = [errors.RowConstraintError]

    def validate_row(self, row: Row) -> Iterator[errors.RowConstraintError]:
        """Judge a row's window."""
        start, end = row["starts_at"], row["ends_at"]
        if not row["label_id"] and not row["dynamic_label_name"]:
            yield errors.RowConstraintError.from_row(row, note="no label")
        if start is None or end is None:
            return
        seconds = (end - start).total_seconds()
        if not 0 < seconds <= 86_400 or end.timestamp() < NOW:
            yield errors.RowConstraintError.from_row(row, note="not a window to come")


def field(name: str, **constraints: object) -> dict[str, object]:
    """A text field."""
    return {"name": name, "type": "string", "constraints": constraints}


SCHEMA = {
    "fields": [
        field("caller_number", required=True, pattern=NUMBER),
        field("receiver_number", required=True, pattern=NUMBER),
        field("label_id", pattern=r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
        field("dynamic_label_name", minLength=3, maxLength=40),
        field(
            "dynamic_call_reason",
            minLength=10,
            maxLength=100,
            pattern=r"[^!@#$%^&*()_+/]*[^!@#$%^&*()_+/.,-]",
        ),
        {**field("starts_at", required=True), "type": "datetime", "format": TIME},
        {**field("ends_at", required=True), "type": "datetime", "format": TIME},
    ]
}


def main(path: Path) -> None:
    """Read, judge, count."""
    with system.use_context(trusted=True):
        report = validate(
            Resource(path=str(path), schema=Schema.from_descriptor(SCHEMA)),
            checklist=Checklist(checks=[Window(), checks.duplicate_row()]),
            limit_errors=10**9,
        )
    task = report.tasks[0]
    equal = {error.row_number for error in task.errors if error.type == "duplicate-row"}
    wrong = {error.row_number for error in task.errors if error.type != "duplicate-row"}
    counts = {"rows": task.stats["rows"], "invalid": len(wrong), "duplicate": len(equal - wrong)}
    print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
