"""Checking label ids never hides that the ledger failed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bulkcall.errors import LedgerError, StoppedError
from bulkcall.run import labels
from bulkcall.settings import Settings


class Use:
    """Rows that name one label, which the account has."""

    def names(self, known):
        """The labels that rows name."""
        return dict(known)

    def unknown(self, known):
        """None is unknown."""
        return []


def context():
    """A run whose ledger can't be written."""

    def note_facts(run_id, **facts):
        raise LedgerError("the disk is full")

    return SimpleNamespace(
        settings=Settings(), ledger=SimpleNamespace(note_facts=note_facts), notes=[]
    )


def test_a_ledger_that_can_not_be_written_stops_the_run(monkeypatch):
    """It is not taken for labels that could not be asked for."""
    listing = SimpleNamespace(names=lambda: {"id": "Acme"})
    monkeypatch.setattr(labels, "list_labels", lambda _: listing)
    stopping = context()
    with pytest.raises(LedgerError):
        labels.check_labels(stopping, SimpleNamespace(run_id="run-1"), Use())
    assert stopping.notes == []


def test_labels_that_can_not_be_had_are_noted_and_the_run_continues(monkeypatch):
    """`label_check` warn, the default: the note says that nothing was checked, and why."""

    def away(_):
        raise StoppedError("no answer")

    monkeypatch.setattr(labels, "list_labels", away)
    going_on = context()
    going_on.ledger.note_facts = lambda run_id, **facts: None
    labels.check_labels(going_on, SimpleNamespace(run_id="run-1"), Use())
    assert going_on.notes == ["label ids were not checked: no answer"]
