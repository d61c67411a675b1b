"""Sealed texts: only who knows the key can read one, or make one that is taken for good. Pure code.

Encrypt, then authenticate, with what the standard library has: a keystream from SHAKE-256 under a
nonce that is never used twice, and an HMAC-SHA-256 tag over all of it. The key is as good as the
API key is secret, which is a random UUID: no slow derivation is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

NONCE = 32
TAG = 32
_MAGIC = b"bulkcall sealed 1\n"


def seal(key: bytes, name: str, text: bytes) -> bytes:
    """Seal a text under a key; it opens only under the same key and name."""
    nonce = secrets.token_bytes(NONCE)
    body = nonce + _covered(_derived(key, name, b"cover"), nonce, text)
    return _MAGIC + body + _tag(_derived(key, name, b"tag"), body)


def unseal(key: bytes, name: str, sealed: bytes) -> bytes | None:
    """Open a sealed text; None for whatever was not sealed just so: torn, changed, another key."""
    body, tag = sealed[len(_MAGIC) : -TAG], sealed[-TAG:]
    if not sealed.startswith(_MAGIC) or len(body) < NONCE:
        return None
    if not hmac.compare_digest(tag, _tag(_derived(key, name, b"tag"), body)):
        return None
    return _covered(_derived(key, name, b"cover"), body[:NONCE], body[NONCE:])


def _derived(key: bytes, name: str, use: bytes) -> bytes:
    return hmac.digest(key, b"\0".join((_MAGIC, use, name.encode())), "sha256")


def _covered(key: bytes, nonce: bytes, text: bytes) -> bytes:
    stream = hashlib.shake_256(key + nonce).digest(len(text))
    return bytes(one ^ other for one, other in zip(text, stream, strict=True))


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")
