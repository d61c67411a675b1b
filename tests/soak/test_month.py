"""A few nights of the simulated month, and the month itself."""

from __future__ import annotations

import pytest

from tests.soak.month import Month
from tests.soak.world import world

pytestmark = pytest.mark.integration


def lived(folder, **how):
    """Live through it, and see that every promise held."""
    with world(folder) as place:
        came = Month(place, **how).live()
    assert came.wrong == []
    return came.figures


def test_a_few_nights(tmp_path):
    """Late, slow and damaged files, kills and an outage: every row is accounted for."""
    figures = lived(tmp_path, nights=3, seed=3, scale=60)
    assert figures["rows"] > 100
    assert figures["notifications"]


@pytest.mark.slow
def test_a_month(tmp_path):
    """The whole of it, with other dice than `make soak`."""
    figures = lived(tmp_path, nights=30, seed=7, scale=600)
    assert figures["SIGKILL"] > 10
    assert figures["shown with more than one attempt"]
