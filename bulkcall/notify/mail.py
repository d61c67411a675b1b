"""The message as an e-mail, by SMTP: sealed on its way, but for loopback."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from typing import TYPE_CHECKING

from bulkcall.notify.errors import NotificationError
from bulkcall.notify.tls import seal
from bulkcall.settings import is_loopback

if TYPE_CHECKING:
    from bulkcall.notify.message import Message
    from bulkcall.settings import Settings

TIMEOUT = 5.0
"""Seconds for each step of the talk with the mail server."""


def send_mail(message: Message, settings: Settings) -> None:
    """Send the message to `notify_email_to`. Raises NotTold, whose text holds no secret."""
    host = settings.smtp_host
    if not host:
        raise NotificationError("smtp_host is not set")
    if settings.smtp_tls == "none" and not is_loopback(host):
        raise NotificationError(
            f"{host}: smtp_tls = none is for this machine only; use starttls or tls"
        )
    recipients = [each.strip() for each in settings.notify_email_to.split(",") if each.strip()]
    sender = settings.notify_email_from or _own_address(settings)
    try:
        letter = written(message, sender, recipients)
        with _connected(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.reveal())
            refused = server.send_message(letter, sender, recipients)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotificationError(f"{host}: {_reason(error)}") from None
    if refused:
        raise NotificationError(f"{host}: refused {len(refused)} of {len(recipients)} recipients")


def written(message: Message, sender: str, recipients: list[str]) -> EmailMessage:
    """Write the letter: plain text, marked as made by a machine."""
    letter = EmailMessage()
    letter["Subject"] = message.title
    letter["From"] = Address("bulkcall", addr_spec=sender)
    letter["To"] = ", ".join(recipients)
    letter["Date"] = format_datetime(localtime())
    letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body(message))
    return letter


def body(message: Message) -> str:
    """Give the letter's text."""
    lines = [message.verdict, ""]
    lines += [f"  {word:<10}{rows:>12}" for word, rows in message.counts]
    if message.counts:
        lines.append("")
    lines += [f"{name + ':':<13}{value}" for name, value in message.facts]
    if message.resume:
        lines.append(f"{'Resume:':<13}{message.resume}")
    if message.reasons:
        lines += ["", "Why rows are not success:"]
        lines += [f"- {reason}" for reason in message.reasons]
    return "\n".join(lines) + "\n"


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port, name = settings.smtp_host, settings.smtp_port, socket.gethostname()
    if settings.smtp_tls == "tls":
        context = seal()
        return smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT, context=context)
    server = smtplib.SMTP(host, port, name, timeout=TIMEOUT)
    if settings.smtp_tls == "starttls":
        try:
            # Raises where the server offers none: nothing is said in the open.
            server.starttls(context=seal())
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                server.close()
            raise
    return server


def _own_address(settings: Settings) -> str:
    user = settings.smtp_user
    return user if "@" in user else f"bulkcall@{socket.gethostname()}"


def _reason(error: Exception) -> str:
    # What the server says is left out: it may repeat what it was told.
    code = getattr(error, "smtp_code", "")
    for kind, text in _REASONS.items():
        if isinstance(error, kind):
            return text.format(code=code)
    if isinstance(error, OSError) and error.strerror:
        return f"can't be reached ({error.strerror})"
    return f"can't be told ({type(error).__name__})"


_REASONS = {
    smtplib.SMTPAuthenticationError: "refused the user name or the password ({code})",
    smtplib.SMTPNotSupportedError: "does not offer what is asked of it (STARTTLS or a login)",
    smtplib.SMTPRecipientsRefused: "refused every recipient",
    smtplib.SMTPResponseException: "answered {code}",
    smtplib.SMTPServerDisconnected: "hung up",
    ssl.SSLCertVerificationError: "its certificate does not do",
    ssl.SSLError: "the way there can't be sealed (smtp_tls, smtp_port)",
    TimeoutError: "did not answer in time",
}
"""Kind of error → what to say; the first that fits."""
