"""What becomes of a record, decided by its receiver's last five digits (docs/sandbox.md).

`999NN` is rare enough among real numbers, and easy to put into a sample. A fate whose `alone` is
not empty speaks of the whole request. So that one such record does not take its neighbours along,
a batch in which it has company is answered 400: a client that isolates what was refused comes to
send it alone, and then meets its fate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MARK = "999"


@dataclass(frozen=True, slots=True)
class TestNumber:
    """One entry of the table."""

    digits: str
    """The receiver's last five."""
    what: str
    """In words, for the documentation."""
    message: str = ""
    """The record ends as an error with this message."""
    listed: int = 1
    """How often the final batch status lists it."""
    final: bool = True
    """Its status gets final."""
    stranger: bool = False
    """A record that nobody sent is listed beside it."""
    alone: str = ""
    """What a request with nothing else in it is answered: 400, 503, 502 or html."""


TEST_NUMBERS = (
    TestNumber("99901", "error", message="Not a Truecaller user"),
    TestNumber("99902", "error", message="OS not supported"),
    TestNumber("99903", "error", message="App version not supported"),
    TestNumber("99904", "error", message="Failed to push"),
    TestNumber("99905", "error", message="Invalid input"),
    TestNumber("99906", "left out of the batch's final status (real-time: success)", listed=0),
    TestNumber("99907", "never final in batch status (real-time: success)", final=False),
    TestNumber("99908", "refused: 400, field `receiver_number`", alone="400"),
    TestNumber("99909", "turned away for ever: 503, not applied", alone="503"),
    TestNumber("99910", "taken, but always answered 502", alone="502"),
    TestNumber("99911", "taken, but answered 200 with a page that is no JSON", alone="html"),
    TestNumber("99912", "listed twice in batch status (real-time: success)", listed=2),
    TestNumber(
        "99913", "listed beside a record that nobody sent (real-time: success)", stranger=True
    ),
)

_BY_DIGITS = {fate.digits: fate for fate in TEST_NUMBERS}


def test_number_of(record: dict[str, Any]) -> TestNumber | None:
    """Find the fate of a valid record; None: it succeeds."""
    receiver: str = record["receiver_number"]
    if receiver[-5:-2] != _MARK:
        return None
    return _BY_DIGITS.get(receiver[-5:])
