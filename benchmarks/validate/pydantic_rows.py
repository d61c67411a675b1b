"""pydantic: the same rules, row by row. Prints its counts as JSON.

Its rule for numbers is simpler than the product's, as in duckdb_rules.py.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID  # noqa: TC003 - pydantic reads it at run time

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

NOW = time.time_ns() // 1_000_000
BARE = re.compile(r"[ ().\-]")
WHOLE = re.compile(r"91[6-9]\d{9}")
NATIONAL = re.compile(r"(?:\+91|0091|0)?[6-9]\d{9}")
FORBIDDEN = re.compile(r"[!@#$%^&*()_+/]|^[.,-]|[.,-]$")


def number(text: str) -> int:
    """Digits with country code."""
    bare = BARE.sub("", text)
    if WHOLE.fullmatch(bare):
        return int(bare)
    if NATIONAL.fullmatch(bare):
        return int("91" + bare[-10:])
    raise ValueError("no valid phone number")


def moment(text: str) -> int:
    """Epoch milliseconds."""
    if len(text) < 16 or text[4] != "-" or text[10] != "T":
        raise ValueError("no time that can be read for certain")
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def reason(text: str | None) -> str | None:
    """A reason without forbidden characters."""
    if text and FORBIDDEN.search(text):
        raise ValueError("forbidden character")
    return text or None


def absent(text: str) -> str | None:
    """Empty is absent."""
    return text or None


class Record(BaseModel):
    """One call record."""

    model_config = ConfigDict(str_strip_whitespace=True)

    caller_number: Annotated[int, BeforeValidator(number)]
    receiver_number: Annotated[int, BeforeValidator(number)]
    label_id: Annotated[UUID | None, BeforeValidator(absent)]
    dynamic_label_name: Annotated[
        Annotated[str, StringConstraints(min_length=3, max_length=40)] | None,
        BeforeValidator(absent),
    ]
    dynamic_call_reason: Annotated[
        Annotated[str, StringConstraints(min_length=10, max_length=100)] | None,
        BeforeValidator(reason),
    ]
    starts_at: Annotated[int, BeforeValidator(moment)]
    ends_at: Annotated[int, BeforeValidator(moment)]

    @model_validator(mode="after")
    def window(self) -> Self:
        """The rules that depend on two fields."""
        if not 0 < self.ends_at - self.starts_at <= 86_400_000 or self.ends_at < NOW:
            raise ValueError("not a window to come")
        if self.label_id is None and self.dynamic_label_name is None:
            raise ValueError("no label")
        return self


def main(path: str) -> None:
    """Read, judge, count."""
    rows = invalid = duplicate = 0
    kinds: Counter[str] = Counter()
    seen: set[tuple[object, ...]] = set()
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            try:
                record = Record.model_validate(row)
            except ValidationError as error:
                invalid += 1
                kinds.update(str(each["loc"]) + each["type"] for each in error.errors())
                continue
            key = tuple(record.__dict__.values())
            duplicate += key in seen
            seen.add(key)
    print(json.dumps({"rows": rows, "invalid": invalid, "duplicate": duplicate}))


if __name__ == "__main__":
    main(sys.argv[1])
