"""Encrypted texts can be decrypted under their own key and name only, unchanged."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api.token_encryption import decrypt, encrypt

keys = st.binary(min_size=1, max_size=64)
texts = st.binary(max_size=600)
names = st.text(max_size=20)


@given(keys, names, texts)
def test_what_is_encrypted_is_decrypted(key, name, text):
    """The same key and name give the text back."""
    assert decrypt(key, name, encrypt(key, name, text)) == text


@given(keys, keys, names, names, texts)
def test_another_key_or_name_decrypts_nothing(key, other_key, name, other_name, text):
    """Neither a wrong key nor a file that was moved is taken."""
    encrypted = encrypt(key, name, text)
    if other_key != key:
        assert decrypt(other_key, name, encrypted) is None
    if other_name != name:
        assert decrypt(key, other_name, encrypted) is None


@given(keys, texts, st.data())
def test_a_changed_or_torn_text_is_nothing(key, text, data):
    """One other bit, or half of it: nothing."""
    encrypted = bytearray(encrypt(key, "n", text))
    place = data.draw(st.integers(0, len(encrypted) - 1))
    assert decrypt(key, "n", bytes(encrypted[:place])) is None
    encrypted[place] ^= 1 << data.draw(st.integers(0, 7))
    assert decrypt(key, "n", bytes(encrypted)) is None


@given(keys, st.binary(max_size=300))
def test_any_bytes_at_all_are_no_reason_to_fail(key, found):
    """Whatever stands in the file, it is a text or nothing."""
    assert decrypt(key, "n", found) is None


def test_what_an_earlier_version_sealed_is_ignored():
    """Its form has another beginning: a token is created anew."""
    assert decrypt(b"key", "n", b"bulkcall sealed 1\n" + bytes(100)) is None


@given(keys, st.binary(min_size=16, max_size=100))
def test_two_encryptions_of_one_text_share_nothing(key, text):
    """Each has its own nonce, and the text does not show."""
    hidden = -16 - len(text)  # the text's place, before the tag
    one, other = encrypt(key, "n", text)[hidden:], encrypt(key, "n", text)[hidden:]
    assert one[: len(text)] != other[: len(text)]
    assert text not in one


def test_it_costs_nobody_who_keeps_no_token():
    """The cipher is imported where a token is kept or taken, not with the client."""
    code = (
        "import sys, bulkcall.api, bulkcall.cli.main; sys.exit(any(m.startswith('cryptography')"
        " for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
