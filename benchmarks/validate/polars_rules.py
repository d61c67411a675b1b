"""Polars: the same rules by hand, streamed. Prints its counts as JSON.

Its rule for numbers is simpler than the product's, as in duckdb_rules.py.
"""

from __future__ import annotations

import json
import sys
import time

import polars as pl

UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def number(name: str) -> pl.Expr:
    """Read a number: digits with country code, or null."""
    bare = pl.col(name).str.replace_all(r"[ ().\-]", "")
    whole = bare.str.contains(r"^91[6-9]\d{9}$")
    national = bare.str.contains(r"^(\+91|0091|0)?[6-9]\d{9}$")
    return (
        pl.when(whole)
        .then(bare)
        .when(national)
        .then(pl.lit("91") + bare.str.tail(10))
        .cast(pl.Int64, strict=False)
    )


def moment(name: str) -> pl.Expr:
    """Read a time: epoch milliseconds, or null."""
    return (
        pl.col(name)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", strict=False, time_unit="ms", time_zone="UTC")
        .dt.epoch("ms")
    )


def main(path: str) -> None:
    """Read, judge, count."""
    now = time.time_ns() // 1_000_000
    text = pl.col(pl.String).fill_null("").str.strip_chars()
    label, name = pl.col("label_id"), pl.col("dynamic_label_name")
    reason = pl.col("dynamic_call_reason")
    rules = {
        "caller number_required": pl.col("caller_number") != "",
        "receiver number_required": pl.col("receiver_number") != "",
        "caller scientific": ~pl.col("caller_number").str.contains(r"^\d+(\.\d*)?[eE]"),
        "receiver scientific": ~pl.col("receiver_number").str.contains(r"^\d+(\.\d*)?[eE]"),
        "caller valid": pl.col("caller").is_not_null(),
        "receiver valid": pl.col("receiver").is_not_null(),
        "uuid": (label == "") | label.str.contains(UUID),
        "label_required": (label != "") | (name != ""),
        "name_length": (name == "") | name.str.len_chars().is_between(3, 40),
        "reason_length": (reason == "") | reason.str.len_chars().is_between(10, 100),
        "reason_characters": ~reason.str.contains(r"[!@#$%^&*()_+/]"),
        "reason_ends": ~reason.str.contains(r"^[.,-]|[.,-]$"),
        "start readable": pl.col("start").is_not_null(),
        "end readable": pl.col("end").is_not_null(),
        "ends_after_start": (pl.col("end") > pl.col("start")).fill_null(value=True),
        "at_most_24_hours": (pl.col("end") - pl.col("start") <= 86_400_000).fill_null(value=True),
        "not_past": (pl.col("end") >= now).fill_null(value=True),
    }
    frame = (
        pl.scan_csv(path, infer_schema=False)
        .with_columns(text)
        .with_columns(
            caller=number("caller_number"),
            receiver=number("receiver_number"),
            start=moment("starts_at"),
            end=moment("ends_at"),
        )
        .with_columns(**{f"rule {rule}": holds for rule, holds in rules.items()})
        .with_columns(valid=pl.all_horizontal(pl.col("^rule .*$")))
        .with_row_index("row")
        .collect(engine="streaming")
    )
    findings = pl.concat(
        [
            frame.filter(~pl.col(f"rule {rule}")).select("row", pl.lit(rule).alias("rule"))
            for rule in rules
        ]
    )
    findings.group_by("rule").agg(pl.len(), pl.col("row").min()).to_dicts()
    valid = frame.filter("valid")
    distinct = valid.select(
        pl.struct(
            "caller", "receiver", label.str.to_lowercase(), name, reason, "start", "end"
        ).n_unique()
    ).item()
    counts = {
        "rows": frame.height,
        "invalid": frame.height - valid.height,
        "duplicate": valid.height - distinct,
    }
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1])
