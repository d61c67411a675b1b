"""Cached tokens encrypted: AES-256-GCM under a key derived from the API key.

Only who knows the API key can read one, or make one that is taken for good. The API key is a random
UUID, so deriving from it (HKDF) needs no slowness. What an earlier version wrote is not read.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC = b"bulkcall token 2\n"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32


def encrypt(api_key: bytes, name: str, text: bytes) -> bytes:
    """Return a text encrypted; it can be decrypted under the same API key and name only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _MAGIC + nonce + _cipher(api_key).encrypt(nonce, text, _bound_to(name))


def decrypt(api_key: bytes, name: str, encrypted: bytes) -> bytes | None:
    """Return the text; None for whatever was not encrypted just so: torn, changed, another key."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see _cipher

    if not encrypted.startswith(_MAGIC):
        return None
    body = encrypted[len(_MAGIC) :]
    if len(body) < _NONCE_BYTES + _TAG_BYTES:
        return None
    nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        return _cipher(api_key).decrypt(nonce, sealed, _bound_to(name))
    except InvalidTag:
        return None


def _bound_to(name: str) -> bytes:
    return _MAGIC + name.encode()


def _cipher(api_key: bytes) -> AESGCM:
    # Imported where a token is kept or taken: a twentieth of a second that few commands need.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_MAGIC).derive(api_key)
    return AESGCM(derived)
