"""What settings must be together, beyond each for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.settings.values import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.settings.model import Settings


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield what does not go together, one line each."""
    if settings.smtp_host and settings.smtp_tls == "none" and not is_loopback(settings.smtp_host):
        yield (
            f"smtp_tls = none would show the e-mail and its password on the way to "
            f"{settings.smtp_host}; use starttls or tls"
        )
    if settings.notify_email_to and not settings.smtp_host:
        yield "notify_email_to is set, but no smtp_host that would take the e-mail"
    if settings.key_id and not settings.api_key and not settings.token:
        yield "key_id is set, but no api_key"
    if settings.api_key and not settings.key_id and not settings.token:
        yield "api_key is set, but no key_id"
