"""A report of a run with every outcome and hostile cells, and a browser to look at it."""

from __future__ import annotations

import pytest

from tests.browser import chromium
from tests.unit.report.campaign import sample_ledger


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium, or a skip with its reason."""
    return chromium.find(tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """report.html of the sample run."""
    from bulkcall.report import publish

    out = tmp_path_factory.mktemp("report")
    return publish(sample_ledger(), "r", out, limit=500.0).files["report.html"]
