"""Telling whether bytes are UTF-8, block by block."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcall.load.codepages import Words, tell
from bulkcall.load.encoding import is_utf8

TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(str.encode)
PARTS = st.one_of(TEXT, st.binary(max_size=4), st.just("😀न".encode()))


@given(st.lists(PARTS, max_size=8).map(b"".join), st.integers(1, 5))
@example(b"\xed\xa0\x80", 2)
@example(b"\xc0\xaf", 1)
@example(b"\xf4\x90\x80\x80", 3)
@example("é".encode()[:1], 1)
def test_utf8_is_what_python_decodes(data, size):
    """Wherever the blocks are cut: surrogates, overlong forms and unfinished ends are none."""
    try:
        data.decode()
        expected = True
    except UnicodeDecodeError:
        expected = False
    assert is_utf8(data[at : at + size] for at in range(0, len(data), size)) is expected


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_nothing_is_utf8(size):
    """An empty text has no damage."""
    assert is_utf8(iter([]))
    assert is_utf8([b"a" * size])


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Up to £5 off", "cp1252"),
        ("£ 50, ¥ 100 or 30°", "cp1252"),
        ("Łódź, Ł 5 taniej", "cp1250"),
    ],
)
def test_a_sign_by_itself_is_no_letter_of_another_code_page(text, page):
    """£ is no Ł where it stands alone; beside words of Polish it is."""
    words = Words()
    words.add(text.encode(page))
    assert tell(words).name == page
