"""Looks for what must never stand on a disk in clear: tokens and API keys."""

from __future__ import annotations

import base64

from bulkcall.sandbox.options import API_KEY

TOKEN = "made.for.tests"  # noqa: S105 - of a sandbox on loopback
SIGN = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
"""How each token begins that the sandbox creates."""
MARKS = (SIGN, TOKEN.encode(), API_KEY.encode())


def in_clear(folder):
    """Give the files below a folder that show a token or a key."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(mark in path.read_bytes() for mark in MARKS)
    ]
