"""Sealed texts open under their own key and name only, unchanged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api.token_encryption import seal, unseal

keys = st.binary(min_size=1, max_size=64)
texts = st.binary(max_size=600)
names = st.text(max_size=20)


@given(keys, names, texts)
def test_what_is_sealed_opens(key, name, text):
    """The same key and name give the text back."""
    assert unseal(key, name, seal(key, name, text)) == text


@given(keys, keys, names, names, texts)
def test_another_key_or_name_opens_nothing(key, other_key, name, other_name, text):
    """Neither a wrong key nor a file that was moved is taken."""
    sealed = seal(key, name, text)
    if other_key != key:
        assert unseal(other_key, name, sealed) is None
    if other_name != name:
        assert unseal(key, other_name, sealed) is None


@given(keys, texts, st.data())
def test_a_changed_or_torn_text_opens_not(key, text, data):
    """One other bit, or half of it: nothing."""
    sealed = bytearray(seal(key, "n", text))
    place = data.draw(st.integers(0, len(sealed) - 1))
    assert unseal(key, "n", bytes(sealed[:place])) is None
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    assert unseal(key, "n", bytes(sealed)) is None


@given(keys, st.binary(max_size=300))
def test_any_bytes_at_all_are_no_reason_to_fail(key, found):
    """Whatever stands in the file, it is a text or nothing."""
    assert unseal(key, "n", found) is None


@given(keys, st.binary(min_size=16, max_size=100))
def test_two_seals_of_one_text_share_nothing(key, text):
    """Each has its own nonce, and the text does not show."""
    one, other = seal(key, "n", text), seal(key, "n", text)
    shown = [sealed[len(sealed) - 32 - len(text) :] for sealed in (one, other)]
    assert shown[0] != shown[1]
    assert text not in shown[0]
