"""What the columns of the CSV files are called (contract: Files of a run)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = "row"
RESULTS = (
    "outcome",
    "message",
    "field",
    "channel",
    "batch_id",
    "record_id",
    "match",
    "attempts",
    "http_status",
    "sent_at",
    "confirmed_at",
    "code",
)
ERROR_FIELD = "error_field"
ERROR_MESSAGE = "error_message"
ERROR_CODE = "error_code"

_OURS = frozenset((ROW, *RESULTS))
_PREFIX = "input_"


def outcome_columns(own: Sequence[str]) -> list[str]:
    """Name every column of outcomes.csv: `row`, the campaign file's own, the results.

    An own name that is one of ours gets the prefix `input_`, once more where the file has a column
    of that name too. Names that the file itself repeats stay as they are.
    """
    taken = _OURS.union(own)
    return [ROW, *(_free(name, taken) if name in _OURS else name for name in own), *RESULTS]


def kept_columns(own: Sequence[str]) -> list[int]:
    """Tell which of the file's columns rejected.csv carries: all but an earlier rejected.csv's."""
    ours = (ERROR_FIELD, ERROR_MESSAGE, ERROR_CODE)
    return [place for place, name in enumerate(own) if name.strip().casefold() not in ours]


def stale_columns(own: Sequence[str]) -> dict[int, str]:
    """The columns that an earlier rejected.csv left in the file → the result that they show now.

    What they said then is untrue of this run. A file that has none of ours keeps what it has.
    """
    names = [name.strip().casefold() for name in own]
    if ERROR_FIELD not in names or ERROR_MESSAGE not in names:
        return {}
    result = {ERROR_FIELD: "field", ERROR_MESSAGE: "message", ERROR_CODE: "code"}
    return {place: result[name] for place, name in enumerate(names) if name in result}


def _free(name: str, taken: frozenset[str]) -> str:
    while name in taken:
        name = _PREFIX + name
    return name
