"""The stable codes: their list, and which one a row has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkcall.cli.main import run
from bulkcall.codes import CODES, FORMER_RULES, api_code, row_code
from bulkcall.records import RowRule, RowState

LIST = Path(__file__).parent / "codes.txt"


def test_no_code_is_renamed_or_taken_away():
    """Scripts hang on the names: a new code is added to the list, none ever leaves it."""
    assert list(CODES) == LIST.read_text(encoding="utf-8").split()


def test_every_code_says_what_to_do():
    """Meaning, cause and fix are sentences."""
    for code in CODES.values():
        assert all(text.endswith((".", "!")) for text in (code.meaning, code.cause, code.fix)), code


def test_every_row_fault_and_former_rule_has_a_code():
    """Loading's faults, and the names under which older ledgers hold findings."""
    assert {*RowRule} <= CODES.keys()
    assert {*FORMER_RULES.values()} - {""} <= CODES.keys()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Invalid input", "api.invalid_input"),
        ("Not a Truecaller user", "api.not_truecaller_user"),
        ("not_a_truecaller_user", "api.not_truecaller_user"),
        ("OS not supported.", "api.os_not_supported"),
        ("APP version  not supported", "api.app_version_not_supported"),
        ("Failed to push", "api.failed_to_push"),
        ("Failed to push the button", "api.error"),
        ("", "api.error"),
    ],
)
def test_the_documented_reasons_have_their_own_codes(message, code):
    """api.md, Why a record failed; words that it does not list are an error as such."""
    assert api_code(message) == code


@pytest.mark.parametrize(
    ("state", "status", "stored", "code"),
    [
        (RowState.SUCCESS, 200, None, ""),
        (RowState.INVALID, None, "time.past", "time.past"),
        (RowState.ERROR, 200, "api.failed_to_push", "api.failed_to_push"),
        (RowState.ERROR, 200, None, "api.error"),
        (RowState.REFUSED, 400, None, "api.refused"),
        (RowState.FAILED, 429, None, "send.rate_limited"),
        (RowState.FAILED, 503, None, "send.unavailable"),
        (RowState.FAILED, None, None, "send.no_connection"),
        (RowState.FAILED, 404, None, "send.turned_away"),
        (RowState.HELD, None, None, "send.no_answer"),
        (RowState.DOUBT, 502, None, "send.server_error"),
        (RowState.HELD, 200, None, "send.unreadable_answer"),
    ],
)
def test_the_state_and_the_last_answer_tell_the_code(state, status, stored, code):
    """Nothing is read from a message's text."""
    assert row_code(state, status, stored) == code


def test_every_state_but_success_has_a_code():
    """Whatever a row ends as, a script finds a word for it."""
    for state in RowState:
        code = row_code(state, None, "number.missing")
        assert (code in CODES) != (state is RowState.SUCCESS)


def test_explain_says_what_why_and_how_to_fix(capsys):
    """One code for a person and as JSON; without a code, all of them."""
    assert run(["explain", "number.scientific"]) == 0
    shown = capsys.readouterr().out
    assert CODES["number.scientific"].meaning in shown
    assert CODES["number.scientific"].fix in shown
    assert run(["explain", "number.scientific", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "number.scientific"
    assert run(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CODES)


def test_a_mistyped_code_is_wrong_usage(capsys):
    """Exit 2, with the nearest code."""
    assert run(["explain", "number.scientifik"]) == 2
    assert "did you mean number.scientific?" in capsys.readouterr().err
