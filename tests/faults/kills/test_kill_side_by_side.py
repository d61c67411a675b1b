"""The same campaign file started twice at once: no record is applied twice."""

from __future__ import annotations

from collections import Counter

import pytest

from bulkcall.sandbox.running import applied
from tests.faults.kills.forms import long


@pytest.mark.parametrize("channel", [long("batch"), "realtime"])
def test_two_runs_of_one_file(place, channel):
    """Each row goes out with one of the two runs and is `duplicate` in the other."""
    place.write(300)
    times = place.begin(channel)
    both = [place.start(*times[:-2], name, "--json") for name in ("one", "two")]
    assert [process.wait() for process in both] == [3, 3], [process.err for process in both]
    took = applied(place.entries())
    assert set(took.values()) == {1}
    tables = [place.outcomes(place.work / name) for name in ("one", "two")]
    for one, two, expected in zip(*tables, place.campaign.expected, strict=True):
        said = {one["outcome"], two["outcome"]}
        assert said in ({expected, "duplicate"}, {expected}), (one, two)
        if expected == "success":
            assert "duplicate" in said, (one, two)
    sent = Counter(row["outcome"] for table in tables for row in table)
    # A row that one run saw turned down may go again with the other (contract: Outcomes).
    assert len(took) == sent["success"] + sent["error"]
    assert sent["error"] >= place.campaign.expected.count("error")
    assert sent["success"] == place.campaign.expected.count("success")
