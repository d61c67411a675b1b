"""Load and validate as one stream: reading ahead, and how many invalid rows are borne."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from bulkcall.errors import UsageError
from bulkcall.run.checked_file import ahead
from bulkcall.run.options import InvalidLimit


def test_ahead_gives_everything_in_order():
    """No item is lost or moved by the thread."""
    assert list(ahead(iter(range(100)))) == list(range(100))


def test_ahead_works_on_the_next_item_meanwhile():
    """While one item is in use, the next one is already made, by another thread."""
    second_made = threading.Event()
    threads = []

    def items():
        threads.append(threading.current_thread())
        yield 1
        second_made.set()
        yield 2

    for item in ahead(items()):
        if item == 1:
            assert second_made.wait(timeout=10)
    assert threads[0] is not threading.current_thread()


def test_ahead_raises_what_the_iterable_raises():
    """An error midway comes out in its place, after the items before it."""

    def items():
        yield 1
        raise UsageError("broken")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(UsageError, match="broken"):
        next(stream)


@pytest.mark.parametrize(
    ("text", "invalid", "rows", "exceeded"),
    [
        (None, 10, 10, False),
        ("0", 1, 10, True),
        ("5", 5, 10, False),
        ("5", 6, 10, True),
        ("10%", 1, 10, False),
        ("10%", 2, 10, True),
        ("0%", 1, 1000, True),
        ("2.5%", 25, 1000, False),
        ("2.5%", 26, 1000, True),
    ],
)
def test_tolerance_is_exceeded_by_more_and_not_by_as_many(text, invalid, rows, exceeded):
    """--max-invalid N|P%: nothing is sent if MORE rows are invalid."""
    assert InvalidLimit.parse(text).exceeded(invalid, rows) is exceeded


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "five", "5 %%"])
def test_a_tolerance_that_is_none_is_refused(text):
    """Anything but a number of rows or a share is wrong usage."""
    with pytest.raises(UsageError, match="--max-invalid"):
        InvalidLimit.parse(text)


def test_checking_a_file_loads_only_what_it_needs(tmp_path):
    """No ledger, renderer, HTTP client or query engine: they take longer than a file's check."""
    file = tmp_path / "campaign.csv"
    file.write_text("caller,receiver,label\n9876543210,x,Acme Courier\n")
    script = (
        "import sys\n"
        "from bulkcall.cli.main import run\n"
        "status = run(['validate', sys.argv[1], '--start', 'now', '--window', '1h', '--json'])\n"
        "heavy = {'sqlalchemy', 'jinja2', 'httpx', 'aiohttp', 'pyarrow.dataset'}\n"
        "print(status, sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True
    )
    assert said.stderr.splitlines()[-1] == "3 []"
