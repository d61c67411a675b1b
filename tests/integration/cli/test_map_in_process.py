"""`bulkcall map` shows how a header is understood, and remembers what it was told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bulkcall.cli.commands.map import command

pytestmark = pytest.mark.integration


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """A campaign file with one strange column name, in a home of its own."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "campaign.csv"
    path.write_text("caller,Kunde,label\n911140000000,9876500011,Acme Bank\n", encoding="utf-8")
    return path


def invoke(*arguments):
    """Run the command, and read its JSON."""
    ended = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    return ended.exit_code, json.loads(ended.stdout.splitlines()[-1])


def test_what_is_mapped_by_hand_is_shown_with_its_first_values(campaign):
    """The field, the column it was given, and a value of it."""
    status, shown = invoke(str(campaign), "--map", "receiver_number=Kunde")
    assert status == 0, shown
    text = json.dumps(shown)
    assert "receiver_number" in text
    assert "Kunde" in text


def test_it_is_remembered_for_the_next_file(campaign):
    """The second call needs no --map."""
    assert invoke(str(campaign), "--map", "receiver_number=Kunde")[0] == 0
    status, shown = invoke(str(campaign))
    assert status == 0
    assert "Kunde" in json.dumps(shown)
