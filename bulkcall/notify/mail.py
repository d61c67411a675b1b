"""The message as an e-mail, by SMTP: sealed on its way, but for loopback."""

from __future__ import annotations

import base64
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

_GO_ON = 334
_LOGGED_IN = (235, 503)
TIMEOUT_SECONDS = 5.0
"""Seconds for each step of the talk with the mail server."""


def send_mail(message: Message, settings: Settings) -> None:
    """Send the message to `notify_email_to`.

    Raises NotificationError, whose text holds no secret.
    """
    host = settings.smtp_host
    if not host:
        raise NotificationError("smtp_host is not set")
    if settings.smtp_tls == "none" and not is_loopback(host):
        raise NotificationError(
            f"{host}: smtp_tls = none is for this machine only; use starttls or tls"
        )
    named = [each.strip() for each in settings.notify_email_to.split(",") if each.strip()]
    try:
        recipients = [_plain_domain(each) for each in named]
        sender = _plain_domain(settings.notify_email_from or _own_address(settings))
        letter = written(message, sender, recipients)
        with _connected(settings) as server:
            server.ehlo_or_helo_if_needed()
            if settings.smtp_user:
                _login(server, settings.smtp_user, settings.smtp_password.reveal())
            if not "".join([sender, *recipients]).isascii() and not server.has_extn("smtputf8"):
                raise NotificationError(
                    f"{host}: does not take addresses outside ASCII (it offers no SMTPUTF8); name "
                    "others in notify_email_to and notify_email_from"
                )
            refused = server.send_message(letter, sender, recipients)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotificationError(f"{host}: {_reason(error)}") from None
    if refused:
        raise NotificationError(f"{host}: refused {len(refused)} of {len(recipients)} recipients")


def written(message: Message, sender: str, recipients: list[str]) -> EmailMessage:
    """Write the letter: plain text, marked as made by a machine."""
    letter = EmailMessage()
    letter["Subject"] = message.title
    letter["From"] = _address(sender, "bulkcall")
    letter["To"] = tuple(_address(each) for each in recipients)
    letter["Date"] = format_datetime(localtime())
    letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body(message))
    return letter


def body(message: Message) -> str:
    """Return the letter's text."""
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
        return smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, name, timeout=TIMEOUT_SECONDS)
    if settings.smtp_tls == "starttls":
        try:
            # Raises where the server offers none: nothing is said in the open.
            server.starttls(context=seal())
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                server.close()
            raise
    return server


def _login(server: smtplib.SMTP, user: str, password: str) -> None:
    """Log in, also with characters that smtplib does not send: RFC 4616 has them in UTF-8.

    Raises SMTPAuthenticationError, SMTPNotSupportedError.
    """
    if user.isascii() and password.isascii():
        server.login(user, password)
        return
    offered = server.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        both = _base64(f"\x00{user}\x00{password}")
        code, _ = server.docmd("AUTH", f"PLAIN {both}")
    elif "LOGIN" in offered:
        code, _ = server.docmd("AUTH", f"LOGIN {_base64(user)}")
        if code == _GO_ON:
            code, _ = server.docmd(_base64(password))
    else:
        raise smtplib.SMTPNotSupportedError
    if code not in _LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, b"")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _plain_domain(address: str) -> str:
    """Return an address whose domain every server takes; what is before the @ stays as it is.

    Raises UnicodeError (a ValueError) where the domain is none.
    """
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode('ascii')}"


def _address(address: str, display_name: str = "") -> Address:
    name, _, domain = address.rpartition("@")
    return Address(display_name, name, domain)


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
