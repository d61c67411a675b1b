"""E-mail to a real mail server on loopback: sealed, refused, wrong, in the open."""

from __future__ import annotations

import email
import ssl
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from bulkcall import notify
from bulkcall.errors import ExitStatus
from bulkcall.settings import Secret, Settings
from tests.endings import RUN_ID, ending

PASSWORD = "s3cr3t-passw0rd"  # noqa: S105 - a made-up one
NOBODY = "notify_email_to: nobody was told"
STOPPED = ending(ExitStatus.STOPPED, resume=f"bulkcall resume {RUN_ID}")


class Box:
    """Keeps letters; refuses the recipients that it is told to refuse."""

    def __init__(self):
        self.letters = []
        self.sealed = []
        self.refuse = ()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        """Take or refuse a recipient."""
        if address in self.refuse:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        """Keep the letter."""
        self.letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content)))
        self.sealed.append(session.ssl is not None)
        return "250 OK"


class OnLoopback(Controller):
    """A mail server on a free port of 127.0.0.1."""

    def __init__(self, box, *, over_tls=None, **options):
        super().__init__(box, hostname="127.0.0.1", port=0, ssl_context=over_tls)
        self._options = options

    def factory(self):
        """Make what talks with one client."""
        return SMTP(self.handler, **self._options)

    def _trigger_server(self):
        # The library knocks on the port that it was given, before it knows which one it got.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(box, **options):
    """Run a mail server; gives its settings."""
    controller = OnLoopback(box, **options)
    controller.start()
    try:
        yield {
            "smtp_host": "127.0.0.1",
            "smtp_port": controller.port,
            "notify_email_to": "night@example.org, day@example.org",
            "notify_email_from": "bulkcall@example.org",
        }
    finally:
        controller.stop()


@pytest.fixture
def box():
    """An empty letter box."""
    return Box()


@pytest.fixture
def sealing(trusted):
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.configure_cert(context)
    return context


def told(settings, **more):
    """Tell of a stopped run by e-mail."""
    return notify.notify(STOPPED, Settings(**settings, **more))


def test_a_letter_in_the_open_to_this_machine(box):
    """smtp_tls = none is for loopback; the letter holds what the morning needs."""
    with mail_server(box) as settings:
        assert told(settings, smtp_tls="none") == []
    ((recipients, letter),) = box.letters
    assert recipients == ["night@example.org", "day@example.org"]
    assert letter["From"] == "bulkcall <bulkcall@example.org>"
    text = letter.get_payload()
    for part in ("90 of 100 rows confirmed", RUN_ID, f"bulkcall resume {RUN_ID}", "report.html"):
        assert part in text


def test_a_letter_under_starttls_with_a_login(box, sealing):
    """The password goes only under the seal, and the letter too."""
    heard = []

    def check(server, session, envelope, mechanism, data):
        heard.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=True)

    with mail_server(
        box, tls_context=sealing, require_starttls=True, authenticator=check
    ) as settings:
        problems = told(settings, smtp_user="me", smtp_password=Secret(PASSWORD))
    assert problems == []
    assert heard == [(b"me", PASSWORD.encode(), True)]
    assert box.sealed == [True]


def test_a_letter_over_tls_from_the_start(box, sealing):
    """smtp_tls = tls seals the connection itself."""
    with mail_server(box, over_tls=sealing) as settings:
        assert told(settings, smtp_tls="tls") == []
    assert len(box.letters) == 1


def test_a_server_without_starttls_is_told_nothing(box):
    """The seal is not given up because a server (or somebody between) offers none."""
    with mail_server(box) as settings:
        problems = told(settings, smtp_user="me", smtp_password=Secret(PASSWORD))
    assert problems == [
        f"{NOBODY}: 127.0.0.1: does not offer what is asked of it (STARTTLS or a login)"
    ]
    assert box.letters == []


def test_a_certificate_that_is_not_trusted_is_told_nothing(box, sealing, monkeypatch):
    """A stranger's certificate ends the talk before the password."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with mail_server(box, tls_context=sealing) as settings:
        problems = told(settings)
    assert problems == ["notify_email_to: nobody was told: 127.0.0.1: its certificate does not do"]
    assert box.letters == []


def test_a_wrong_password_is_one_line_without_it(box, sealing, all_logs):
    """What was refused is said, the password is not."""

    def refuse(server, session, envelope, mechanism, data):
        message = f"535 5.7.8 not {data.password.decode()}"
        return AuthResult(success=False, handled=False, message=message)

    with mail_server(box, tls_context=sealing, authenticator=refuse) as settings:
        problems = told(settings, smtp_user="me", smtp_password=Secret(PASSWORD))
    assert problems == [
        "notify_email_to: nobody was told: 127.0.0.1: refused the user name or the password (535)"
    ]
    assert PASSWORD not in "\n".join(problems)
    assert box.letters == []
    ours = [line.getMessage() for line in all_logs.records if line.name.startswith("bulkcall")]
    assert PASSWORD not in "\n".join(ours)


def test_plain_mail_leaves_this_machine_never(monkeypatch):
    """smtp_tls = none to another host is refused before a connection."""
    monkeypatch.setattr("smtplib.SMTP", None)
    problems = told({"smtp_host": "mail.example.org", "notify_email_to": "a@b.c"}, smtp_tls="none")
    assert problems == [
        f"{NOBODY}: mail.example.org: smtp_tls = none is for this machine only; use starttls or tls"
    ]


def test_one_refused_recipient_is_told_of(box):
    """The other one has the letter all the same."""
    box.refuse = ("day@example.org",)
    with mail_server(box) as settings:
        problems = told(settings, smtp_tls="none")
    assert problems == ["notify_email_to: nobody was told: 127.0.0.1: refused 1 of 2 recipients"]
    assert [recipients for recipients, _ in box.letters] == [["night@example.org"]]


def test_no_server_set_and_none_there():
    """Half a setting, and a server that is down: one line each."""
    assert told({"notify_email_to": "a@b.c"}) == [
        "notify_email_to: nobody was told: smtp_host is not set"
    ]
    (line,) = told({"notify_email_to": "a@b.c", "smtp_host": "127.0.0.1", "smtp_port": 1})
    assert "127.0.0.1: can't be reached (" in line


@pytest.mark.parametrize("mechanisms", [{"LOGIN"}, {"PLAIN"}, set()])
def test_a_password_outside_ascii(box, sealing, mechanisms):
    """UTF-8 by PLAIN or LOGIN, whichever is offered."""
    heard = []

    def check(server, session, envelope, mechanism, data):
        heard.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    with mail_server(
        box, tls_context=sealing, authenticator=check, auth_exclude_mechanism=mechanisms
    ) as settings:
        assert told(settings, smtp_user="jörg", smtp_password=Secret("pässwörd-अ")) == []
    assert heard == [("jörg", "pässwörd-अ")]
    assert len(box.letters) == 1


def test_a_wrong_password_outside_ascii_is_told_without_it(box, sealing):
    """As one inside."""

    def refuse(server, session, envelope, mechanism, data):
        return AuthResult(success=False, handled=False, message="535 5.7.8 no")

    with mail_server(box, tls_context=sealing, authenticator=refuse) as settings:
        problems = told(settings, smtp_user="me", smtp_password=Secret("pässwörd"))
    assert problems == [f"{NOBODY}: 127.0.0.1: refused the user name or the password (535)"]


def test_an_address_outside_ascii(box):
    """To a server that takes such; the domain goes in its ASCII form, which every server takes."""
    with mail_server(box, enable_SMTPUTF8=True) as settings:
        there = settings | {"notify_email_to": "jörg@münchen.example"}
        assert told(there, smtp_tls="none") == []
    ((recipients, letter),) = box.letters
    assert recipients == ["jörg@xn--mnchen-3ya.example"]
    assert "90 of 100 rows confirmed" in letter.get_payload()


def test_a_server_that_takes_no_such_address_is_told_so(box):
    """A domain outside ASCII alone needs nothing of the server."""
    with mail_server(box, enable_SMTPUTF8=False) as settings:
        there = settings | {"notify_email_to": "jörg@example.org"}
        (line,) = told(there, smtp_tls="none")
        assert line.startswith(f"{NOBODY}: 127.0.0.1: does not take addresses outside ASCII")
        there = settings | {"notify_email_to": "joerg@münchen.example"}
        assert told(there, smtp_tls="none") == []
    assert [recipients for recipients, _ in box.letters] == [["joerg@xn--mnchen-3ya.example"]]
