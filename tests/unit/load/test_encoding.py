"""Telling whether bytes are UTF-8, block by block."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcall.load.codepages import UncertainError, Words, decide
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
        ("£ 50, § 100 or 30°", "cp1252"),
        ("Łódź, Łukasz, Paweł, Ł 5 taniej", "cp1250"),
    ],
)
def test_a_sign_by_itself_is_no_letter_of_another_code_page(text, page):
    """£ is no Ł where it stands alone; beside words of Polish it is."""
    words = Words()
    words.add(text.encode(page))
    assert decide(words).name == page


NAMES = "Société Générale, Crédit Agricole, Pâtisserie Noël, Hôpital Ångström"


@pytest.mark.parametrize("page", ["cp1252", "cp850", "cp437", "mac_roman"])
def test_the_page_of_dos_and_of_the_mac_is_told_by_the_words(page):
    """The same names in each page, read rightly."""
    words = Words()
    words.add(NAMES.replace("Ångström", "Strömberg").encode(page))
    decided = decide(words).name
    assert NAMES.replace("Ångström", "Strömberg").encode(page).decode(decided).startswith("Société")


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Růžena", "mac_latin2"),
        ("País, París", "mac_roman"),
        ("École", "mac_roman"),
        ("prêt", "cp1252"),
        ("Raju\u2019s", "cp1252"),
    ],
)
def test_few_words_are_no_proof(text, page):
    """Where another page makes another text of them that could be meant as well."""
    words = Words()
    words.add(text.encode(page))
    with pytest.raises(UncertainError, match="make sense in more than one code page"):
        decide(words)


SAMPLES = {
    "cp1252": "José Müller Gonçalves Renée Zürich São Peña Crédit château forêt élève prêt",
    "cp1250": "Łódź Dvořák Paweł Kovács Wałęsa Němec Černý Żółć Świętokrzyskie",
    "cp1251": "Иванов Мария Ольга Большой привет Сергей Наталья",
    "cp1253": "Γιώργος Παπαδόπουλος Μαρία Ελένη Κωνσταντίνος",
    "cp1254": "Şahin Çağlar İpek Öztürk Y\u0131lmaz Gülşen Doğan",
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 20])
@pytest.mark.parametrize(
    "page",
    [
        "cp1252", "cp850", "cp437", "mac_roman", "cp1250", "cp852", "mac_latin2", "iso8859_2",
        "cp1251", "cp866", "koi8_r", "mac_cyrillic", "cp1253", "cp737", "mac_greek", "cp1254",
        "cp857", "mac_turkish",
    ],
)  # fmt: skip
def test_no_text_is_ever_read_as_another(text, count, page):
    """Few words or many, in whatever page: read rightly or refused."""
    try:
        data = " ".join(text.split()[:count]).encode(page)
    except UnicodeEncodeError:
        return
    words = Words()
    words.add(data)
    try:
        decided = decide(words)
    except UncertainError:
        return
    assert data.decode(decided.name) == data.decode(page)
