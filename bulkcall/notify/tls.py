"""How TLS is checked: against the certificates that the API's client trusts too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import ssl


def seal() -> ssl.SSLContext:
    """Return a context that checks certificates and names; SSL_CERT_FILE and SSL_CERT_DIR count."""
    return httpx.create_ssl_context(trust_env=True)
