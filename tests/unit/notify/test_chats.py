"""The forms of the chats: complete, well-formed, and deaf to marks in foreign texts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import ExitStatus
from bulkcall.notify.chats import FORMS
from bulkcall.notify.message import message
from bulkcall.settings import RULES
from tests.endings import RUN_ID, ending, never_began

STOPPED = ending(ExitStatus.STOPPED, resume=f"bulkcall resume {RUN_ID}")
EVIL = "<!channel> <users/all> @channel @everyone [click](https://evil.example) `code` *b*"


def made(form, run):
    """The body that is posted, as the receiver reads it."""
    return json.loads(json.dumps(FORMS[form](message(run, host="box"), run)))


def texts(body):
    """Every text of a body, with the marks' backslashes taken off."""
    if isinstance(body, str):
        return [body.replace("\\", "")]
    values = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return [text for value in values for text in texts(value)]


def test_there_is_a_form_for_each_word_of_the_setting():
    """notify_format and the forms can't drift apart."""
    assert tuple(FORMS) == RULES["notify_format"].choices


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_complete(form):
    """Title, verdict, counts, run, exit status, report and resume command stand in each."""
    whole = "\n".join(texts(made(form, STOPPED)))
    for part in (
        "list.csv stopped",
        "90 of 100 rows confirmed",
        "refused",
        RUN_ID,
        f"box:/srv/{RUN_ID}/report.html",
        f"bulkcall resume {RUN_ID}",
        "label_id is not known",
    ):
        assert part in whole
    assert "1: stopped on an error" in whole or made(form, STOPPED)["exit_status"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_tell_of_a_run_that_never_began(form):
    """No counts, no report, no resume: the error's line is there."""
    assert "there is no such file" in "\n".join(texts(made(form, never_began())))


def test_plain_json_holds_figures_as_numbers():
    """A program that reads it needs no parsing of words."""
    body = made("json", STOPPED)
    assert body["event"] == "bulkcall.run"
    assert body["outcomes"]["success"] == 90
    assert len(body["outcomes"]) == 11
    assert (body["rows"], body["exit_status"], body["failed"]) == (100, 1, True)
    assert (body["began_at"], body["conserved"]) == ("2026-11-18T11:06:40.000Z", True)


@pytest.mark.parametrize(
    ("form", "harmful"),
    [
        ("slack", ["<!channel>", "<users/all>"]),
        ("googlechat", ["<users/all>", "`code`"]),
        ("mattermost", ["@channel", "[click](", "`code`"]),
        ("discord", ["[click](", "`code`", "*b*"]),
        ("teams", ["[click](", "`code`", "*b*"]),
    ],
)
def test_foreign_texts_mention_nobody_and_link_nowhere(form, harmful):
    """What a cell or a server says stays plain text in each chat."""
    shown = "\n".join(_raw(made(form, ending(verdict=EVIL))))
    assert not [mark for mark in harmful if mark in shown]


def test_discord_is_told_to_mention_nobody():
    """Discord's own switch is set as well: @everyone in a verdict wakes nobody."""
    assert made("discord", ending(verdict=EVIL))["allowed_mentions"] == {"parse": []}


@given(st.text(), st.text(max_size=40), st.sampled_from(sorted(FORMS)))
def test_any_text_makes_a_body_that_the_chat_takes(verdict, file, form):
    """Whatever stands in names and messages, the body is JSON and within the chats' lengths."""
    body = made(form, ending(verdict=verdict, file=file, reasons=(verdict,) * 3))
    if form == "slack":
        assert len(body["blocks"][0]["text"]["text"]) <= 150
        assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])
        assert all(block["text"]["text"] for block in body["blocks"])
    if form == "discord":
        assert len(body["embeds"][0]["title"]) <= 256
        assert len(body["embeds"][0]["description"]) <= 4096


def _raw(body):
    if isinstance(body, str):
        return [body]
    values = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return [text for value in values for text in _raw(value)]
