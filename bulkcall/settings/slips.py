"""Values that can only be a slip: what a shell or a container would have taken off, and did not.

An environment file of Docker keeps quotes and comments as part of the value, systemd expands no
`$HOME`, and a path that was taken as it stands would quietly become a new ledger.
"""

from __future__ import annotations

import re

from bulkcall.settings.model import RULES, Secret

_QUOTED = re.compile(r"""(["']).*\1|["'].*|.*["']""", re.DOTALL)
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*|%[A-Z_][A-Z0-9_]+%", re.ASCII)
_COMMENT = re.compile(r"\s#(?:\s.*)?\Z", re.DOTALL)
_PERHAPS_COMMENT = re.compile(r"\s#")
_FREE_SECRETS = frozenset({"smtp_password"})
"""Secrets that a person chose: they may hold anything."""
_LISTS_OF_WORDS = frozenset({"null_values"})
"""Words of spreadsheets, `#N/A` among them."""


def slip(name: str, value: object) -> tuple[str, bool]:
    """Return what is wrong with a setting's value, and whether for certain; empty where nothing is.

    The value itself is never part of the text: it may be a secret.
    """
    secret = isinstance(value, Secret)
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str) or name not in RULES or not text.strip():
        return "", False
    text, certain = text.strip(), name not in _FREE_SECRETS
    if _QUOTED.fullmatch(text):
        return "the quotes are taken as part of the value; remove them", certain
    found = _VARIABLE.search(text)
    if found and (not secret or found[0] == text):
        # A database's URL may hold a password with a dollar sign.
        return (
            f"{found[0]} is not expanded here and is taken as it stands; write the value itself",
            certain and "://" not in text,
        )
    words = name in _LISTS_OF_WORDS
    if not words and _COMMENT.search(text):
        return 'what follows " #" is taken as part of the value; remove the comment', certain
    if not words and not secret and _PERHAPS_COMMENT.search(text):
        return 'what follows " #" is taken as part of the value; is it a comment?', False
    return "", False
