"""Which endings people are told of, and what counts as a failure."""

from __future__ import annotations

import pytest

from bulkcall.errors import ExitStatus
from bulkcall.notify import wanted
from bulkcall.settings import Settings
from tests.endings import ending, never_began

FINE = ending(ExitStatus.OK, counts={"success": 100})
FEW_BAD = ending(counts={"success": 99, "refused": 1})
MANY_BAD = ending(counts={"success": 80, "error": 20})


@pytest.mark.parametrize(
    ("notify_on", "told"),
    [
        ("never", [False, False, False, False]),
        ("failure", [False, False, False, True]),
        ("threshold", [False, False, True, True]),
        ("always", [True, True, True, True]),
    ],
)
def test_notify_on_says_who_hears_of_what(notify_on, told):
    """A good run, a few bad rows, many bad rows, a failure: each word of notify_on."""
    settings = Settings(notify_on=notify_on, notify_error_share=0.05)
    runs = [FINE, FEW_BAD, MANY_BAD, ending(ExitStatus.STOPPED)]
    assert [wanted(run, settings) for run in runs] == told


@pytest.mark.parametrize(
    ("run", "failed"),
    [
        (FINE, False),
        (MANY_BAD, False),
        (ending(ExitStatus.STOPPED), True),
        (ending(ExitStatus.INTERRUPTED), True),
        (never_began(), True),
        (ending(conserved=False), True),
        (ending(withheld=True), True),
        (ending(counts={"invalid": 100}), True),
        (ending(counts={"expired": 90, "duplicate": 10}), True),
        (ending(counts={"duplicate": 100}), False),
    ],
)
def test_what_counts_as_a_failure(run, failed):
    """Stopped, never begun, not conserved or nothing sent is one; a mere repeat is none."""
    assert run.failed is failed


@pytest.mark.parametrize(("share", "told"), [(0.0, True), (0.2, True), (0.21, False)])
def test_the_share_counts_from_its_own_value_on(share, told):
    """A share of 0.2 bad rows reaches a threshold of 0.2 and not one of 0.21."""
    assert wanted(MANY_BAD, Settings(notify_on="threshold", notify_error_share=share)) is told


def test_a_share_of_nothing_needs_one_bad_row():
    """A threshold of 0 is not reached by a run whose sent rows are all success."""
    run = ending(counts={"success": 90, "invalid": 10})
    assert not wanted(run, Settings(notify_on="threshold", notify_error_share=0.0))


def test_rows_that_never_went_out_are_no_part_of_the_share():
    """Invalid rows have max_invalid; they don't dilute or fill the share of sent rows."""
    assert ending(counts={"success": 8, "refused": 2, "invalid": 90}).bad_share == pytest.approx(
        0.2
    )
