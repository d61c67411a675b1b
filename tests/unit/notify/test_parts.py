"""Small parts of telling: the heartbeat's address, the letter, masking round a run id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import ExitStatus
from bulkcall.notify.mail import body, written
from bulkcall.notify.message import message
from bulkcall.notify.web import heartbeat_address
from bulkcall.support.masking import masked_around
from tests.endings import RUN_ID, ending


@pytest.mark.parametrize(
    ("url", "good", "bad"),
    [
        ("https://hc-ping.com/uuid", "https://hc-ping.com/uuid", "https://hc-ping.com/uuid/fail"),
        ("https://hc-ping.com/k/n?create=1", None, "https://hc-ping.com/k/n/fail?create=1"),
        ("https://h.example/x/", None, "https://h.example/x/fail"),
        (
            "https://kuma.example/api/push/t?status={up|down}",
            "https://kuma.example/api/push/t?status=up",
            "https://kuma.example/api/push/t?status=down",
        ),
        ("https://h.example/p/{|fail}", "https://h.example/p/", "https://h.example/p/fail"),
    ],
)
def test_a_failed_run_asks_for_another_address(url, good, bad):
    """`/fail` goes to the path, or the URL's own choice decides."""
    assert heartbeat_address(url, good=True) == (good or url)
    assert heartbeat_address(url, good=False) == bad


def test_the_letter_is_marked_as_made_by_a_machine():
    """Nobody's absence note answers it; subject and body are the message's."""
    told = message(ending(ExitStatus.STOPPED, resume=f"bulkcall resume {RUN_ID}"), host="box")
    letter = written(told, "night@example.org", ["a@example.org", "b@example.org"])
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Subject"] == "bulkcall (north): list.csv stopped"
    assert letter["To"] == "a@example.org, b@example.org"
    assert "success             90" in letter.get_content()
    assert f"Resume:      bulkcall resume {RUN_ID}" in body(told)


@given(st.text())
def test_no_text_can_add_a_header(text):
    """A file's name with line breaks stays one subject line."""
    letter = written(message(ending(file=text), host="box"), "a@example.org", ["b@example.org"])
    assert letter["Bcc"] is None
    assert "\n" not in letter["Subject"]
    assert "\r" not in letter["Subject"]


def test_a_run_id_is_not_taken_for_a_phone_number():
    """Run ids stay whole where phone numbers are masked."""
    text = f"see {RUN_ID}: 919812345678, not {RUN_ID}"
    assert masked_around(text, RUN_ID) == f"see {RUN_ID}: 91•••••••678, not {RUN_ID}"


@given(st.text(), st.from_regex(r"91[6-9]\d{9}", fullmatch=True), st.text())
def test_no_whole_number_survives_masking(before, number, after):
    """Whatever stands round it, a phone number of twelve digits is never left whole."""
    assert number not in masked_around(f"{before} {number} {after}", RUN_ID)
