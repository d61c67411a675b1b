"""Foreign text made fit to be shown: no cursor moves, no line is forged, nothing runs on."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.cli.console import Console
from bulkcall.cli.running import table
from bulkcall.support.text import escape, escape_json, one_line, shown

HOSTILE = [
    ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    ("a\nbulkcall: all rows are confirmed", r"a\nbulkcall: all rows are confirmed"),
    ("a\r\tb", r"a\r\tb"),
    ("\x9b31m", r"\x9b31m"),
    ("list\u202excod.exe", r"list\u202excod.exe"),
    ("\u2066x\u2069", r"\u2066x\u2069"),
    ("a\u2028b", r"a\u2028b"),
    ("k\udce4se", r"k\xe4se"),
    ("\ud800", r"\ud800"),
    ("\U000e0041", r"\U000e0041"),
    ("अमित \u200dशर्मा, 東京 🙂", "अमित \u200dशर्मा, 東京 🙂"),
]


@pytest.mark.parametrize(("text", "seen"), HOSTILE)
def test_control_characters_become_visible(text, seen):
    """And what people write with stays, the joiners of Indian scripts among it."""
    assert shown(text) == escape(text) == seen


@given(st.text(max_size=1000), st.integers(2, 300))
def test_nothing_shown_is_longer_or_of_more_than_one_line(text, most):
    """At most so many characters, whatever it is, and none that is not printed."""
    for found in (shown(text, most), one_line(text, most)):
        assert len(found) <= most
        assert len(found.splitlines()) <= 1
        found.encode("utf-8")
        assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in found)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
def test_json_means_the_same_without_them(data):
    """As one line and with line breaks between its members."""
    for indent in (None, 2):
        text = escape_json(json.dumps(data, ensure_ascii=False, indent=indent))
        assert json.loads(text) == data
        assert not any(127 <= ord(sign) < 160 or ord(sign) == 27 for sign in text)


@pytest.mark.parametrize("text", [text for text, _ in HOSTILE[:8]])
def test_whatever_a_command_says_moves_no_cursor(capsys, text):
    """Results, tables, lines, logs, as text and as JSON: the escape character is never among it."""
    for log_format in ("text", "json"):
        console = Console(log_format=log_format)
        console.result(table(("FILE",), [(text,)]), {})
        Console(as_json=True).result("", {"file": text})
        console.line("info", text)
        console.line("error", text)
        console.start_logging()
        logging.getLogger("bulkcall").warning("%s", text, extra={"batch_id": text})
    written = "".join(capsys.readouterr())
    assert not {*"\x1b\x07\x9b\r\u202e\u2066\u2028"} & {*written}
    assert len(written.splitlines()) == 12
