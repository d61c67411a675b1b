"""The documentation's Python sessions are true: each line gives what the page says."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

import pytest

from bulkcall.sandbox.process import running

GUIDE = Path(__file__).parents[3] / "docs/guide"


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """A sandbox that the environment points at, in an empty folder with a ledger of its own."""
    for name in [name for name in os.environ if name.startswith("BULKCALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BULKCALL_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("BULKCALL_STATUS_PER_MINUTE", "1200")
    with running(processing_min_ms=0, processing_max_ms=20, status_limit=0) as started:
        for name, value in started.environment().items():
            monkeypatch.setenv(name, value)
        yield started


def test_the_notebook_page_gives_what_it_says(sandbox):
    """Every line of docs/guide/notebook.md, in its order, against a real sandbox."""
    text = (GUIDE / "notebook.md").read_text(encoding="utf-8")
    # A fence that closes is no output of the line before it.
    text = text.replace("```pycon", "").replace("\n```\n", "\n\n")
    session = doctest.DocTestParser().get_doctest(text, {}, "notebook.md", "notebook.md", 0)
    assert len(session.examples) > 20
    told = []
    result = doctest.DocTestRunner(verbose=False).run(session, out=told.append)
    assert result.failed == 0, "".join(told)
    went = [len(batch["records"]) for batch in sandbox.batches()]
    assert went == [3, 1]  # the second time only what had been turned down
