"""docs/guide/troubleshooting.md quotes messages that the program really has."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/guide/troubleshooting.md"
GAP = "\0"
"""Stands where a message has a value put in."""


def literal(node):
    """Give a string's text as it stands in the source, with gaps for values; None: no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else GAP for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [literal(node.left), literal(node.right)]
        if any(sides):
            return "".join(GAP if side is None else side for side in sides)
    return None


@cache
def texts():
    """All texts in bulkcall's source but docstrings and the sandbox's, each with its gaps."""
    found = set()
    for path in (ROOT / "bulkcall").rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = literal(node) if id(node) not in plain else None
            if text:
                found.add(text)
    return found


def quoted():
    """The messages that the page quotes: the first cell of each table's row."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def has(message, sources):
    """Tell whether one text of the source has all the words of a message in their order."""
    pieces = [re.escape(piece.strip(" ")) for piece in message.split("…")]
    wanted = re.compile(".*".join(pieces), re.DOTALL)
    return any(wanted.search(text) for text in sources)


def test_the_page_quotes_messages():
    """The table is found at all."""
    assert len(quoted()) > 30


@pytest.mark.parametrize("message", quoted())
def test_each_message_is_one_of_the_program_s(message):
    """Its words stand in one text of the source, in this order."""
    assert has(message, texts())


def test_a_message_that_is_not_there_would_be_found_out():
    """Words of two different messages are no message."""
    assert not has("the ledger … once more stops at once", texts())
