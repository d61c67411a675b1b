"""DuckDB: load the file into a table, then the same rules in SQL. Prints its counts as JSON.

Its rule for numbers is simpler than the product's: Indian mobile numbers by shape, no ranges, no
second reading. That is to its advantage.
"""

from __future__ import annotations

import json
import sys
import time

import duckdb

LOAD = """
CREATE TABLE cells AS
SELECT row_number() OVER () AS row, *
FROM read_csv(?, all_varchar = true, header = true, delim = ',')
"""

READ = r"""
CREATE TABLE read AS
WITH trimmed AS (
    SELECT row,
        trim(coalesce(caller_number, '')) AS caller_text,
        trim(coalesce(receiver_number, '')) AS receiver_text,
        nullif(trim(label_id), '') AS label_id,
        nullif(trim(dynamic_label_name), '') AS name,
        nullif(trim(dynamic_call_reason), '') AS reason,
        trim(coalesce(starts_at, '')) AS start_text,
        trim(coalesce(ends_at, '')) AS end_text
    FROM cells
), bare AS (
    SELECT *,
        regexp_replace(caller_text, '[ ().\-]', '', 'g') AS caller_bare,
        regexp_replace(receiver_text, '[ ().\-]', '', 'g') AS receiver_bare
    FROM trimmed
)
SELECT *,
    CASE
        WHEN regexp_full_match(caller_bare, '91[6-9]\d{9}') THEN CAST(caller_bare AS BIGINT)
        WHEN regexp_full_match(caller_bare, '(\+91|0091|0)?[6-9]\d{9}')
            THEN 910000000000 + CAST(right(caller_bare, 10) AS BIGINT)
    END AS caller,
    CASE
        WHEN regexp_full_match(receiver_bare, '91[6-9]\d{9}') THEN CAST(receiver_bare AS BIGINT)
        WHEN regexp_full_match(receiver_bare, '(\+91|0091|0)?[6-9]\d{9}')
            THEN 910000000000 + CAST(right(receiver_bare, 10) AS BIGINT)
    END AS receiver,
    CASE WHEN regexp_full_match(start_text, '\d{4}-\d\d-\d\dT.*')
        THEN epoch_ms(TRY_CAST(start_text AS TIMESTAMPTZ)) END AS starts_at,
    CASE WHEN regexp_full_match(end_text, '\d{4}-\d\d-\d\dT.*')
        THEN epoch_ms(TRY_CAST(end_text AS TIMESTAMPTZ)) END AS ends_at
FROM bare
"""

UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
RULES = {
    "number_required c": ("caller_text <> ''", "no number: fill in the cell"),
    "number_required r": ("receiver_text <> ''", "no number: fill in the cell"),
    "scientific c": (r"NOT regexp_matches(caller_text, '^\d+(\.\d*)?[eE]')", "format as Text"),
    "scientific r": (r"NOT regexp_matches(receiver_text, '^\d+(\.\d*)?[eE]')", "format as Text"),
    "valid_number c": ("caller IS NOT NULL", "no valid phone number"),
    "valid_number r": ("receiver IS NOT NULL", "no valid phone number"),
    "uuid": (
        rf"label_id IS NULL OR regexp_full_match(label_id, '{UUID}')",
        "not a UUID",
    ),
    "label_required": ("label_id IS NOT NULL OR name IS NOT NULL", "no label"),
    "name_length": ("name IS NULL OR length(name) BETWEEN 3 AND 40", "3 to 40 characters"),
    "reason_length": ("reason IS NULL OR length(reason) BETWEEN 10 AND 100", "10 to 100"),
    "reason_characters": (
        r"reason IS NULL OR NOT regexp_matches(reason, '[!@#$%^&*()_+/]')",
        "forbidden character",
    ),
    "reason_ends": (r"reason IS NULL OR NOT regexp_matches(reason, '^[.,-]|[.,-]$')", "ends"),
    "readable_time s": ("starts_at IS NOT NULL", "no time that can be read for certain"),
    "readable_time e": ("ends_at IS NOT NULL", "no time that can be read for certain"),
    "ends_after_start": ("ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", "after"),
    "at_most_24_hours": (
        "ends_at IS NULL OR starts_at IS NULL OR ends_at - starts_at <= 86400000",
        "at most 24 hours",
    ),
    "not_past": ("ends_at IS NULL OR ends_at >= $now", "already past"),
}


def main(path: str) -> None:
    """Load, judge, count."""
    con = duckdb.connect()
    con.execute(LOAD, [path])
    con.execute(READ)
    verdicts = ", ".join(
        f"CASE WHEN NOT coalesce({rule}, false) THEN '{name}: {words}' END"
        for name, (rule, words) in RULES.items()
    ).replace("$now", str(time.time_ns() // 1_000_000))
    con.execute(
        "CREATE TABLE judged AS SELECT *, "
        f"list_filter([{verdicts}], lambda x: x IS NOT NULL) AS found FROM read"
    )
    con.execute(
        "CREATE TABLE findings AS SELECT row, unnest(found) AS finding FROM judged "
        "WHERE len(found) > 0"
    )
    con.execute("SELECT finding, count(*), min(row) FROM findings GROUP BY ALL").fetchall()
    rows, invalid = con.execute(
        "SELECT count(*), count(*) FILTER (WHERE len(found) > 0) FROM judged"
    ).fetchone()
    duplicate = con.execute(
        "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM judged "
        "WHERE len(found) = 0 GROUP BY caller, receiver, lower(label_id), name, reason, "
        "starts_at, ends_at)"
    ).fetchone()[0]
    print(json.dumps({"rows": rows, "invalid": invalid, "duplicate": int(duplicate)}))


if __name__ == "__main__":
    main(sys.argv[1])
