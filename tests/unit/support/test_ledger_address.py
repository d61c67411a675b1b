"""A ledger's address is read for certain or refused, and nothing secret in it is ever shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import SettingsError
from bulkcall.support.ledger_address import Kind, is_path, read_address

SECRET = "s3cr3t"  # noqa: S105 - of nothing


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("ledger.db", "ledger.db"),
        ("/var/lib/bulkcall/my ledger.db", "/var/lib/bulkcall/my ledger.db"),
        ("./host=x/ledger.db", "host=x/ledger.db"),
        ("/data/user=me/a.db", "/data/user=me/a.db"),
        ("C:/Users/me/ledger.db", "C:/Users/me/ledger.db"),
        (r"C:\Users\me\ledger.db", r"C:\Users\me\ledger.db"),
        ("a@b.db", "a@b.db"),
        ("/srv/a:b@c/ledger.db", "/srv/a:b@c/ledger.db"),
        ("postgres/ledger.db", "postgres/ledger.db"),
        ("postgresql.db", "postgresql.db"),
        ("नमस्ते.db", "नमस्ते.db"),
        ("sqlite:///ledger.db", "ledger.db"),
        ("sqlite:////srv/ledger.db", "/srv/ledger.db"),
    ],
)
def test_paths_are_paths(text, path):
    """Whatever a path may look like, short of an address of another kind."""
    address = read_address(text)
    assert (address.kind, address.path) == (Kind.FILE, Path(path))
    assert address.shown == str(Path(path))


@pytest.mark.parametrize(
    "text",
    [
        f"host=db.example.com password={SECRET}",
        f"dbname=ledger user=me password = {SECRET}",
        f"  password={SECRET} host=x",
        f"service=night passfile=/{SECRET}",
        f"postgres:/me:{SECRET}@host/db",
        f"postgresql:me:{SECRET}@host/db",
        f"postgresql//me:{SECRET}@host/db",
        f"postgres//{SECRET}",
        f"postgresql+asyncpg://me:{SECRET}@host/db",
        f"mysql://me:{SECRET}@host/db",
        f"mysql+pymysql://me:{SECRET}@host/db",
        f"MySQL:{SECRET}",
        f"file:{SECRET}.db",
        f"file:///tmp/{SECRET}.db",
        f"http://me:{SECRET}@host/db",
        f"https:/host/{SECRET}",
        f"jdbc:postgresql://host/db?password={SECRET}",
        f"sqlite:{SECRET}.db",
        f"sqlite:/tmp/{SECRET}.db",
        f"sqlite://{SECRET}.db",
        f"sqlite:///a.db?password={SECRET}",
        f"sqlite:///a.db?synchronous={SECRET}",
        f"me:{SECRET}@host/db",
        f"me:{SECRET}@host:5432/db",
        f"db.example.com:5432/{SECRET}",
        f"Driver=x;Server=y;Pwd={SECRET}",
        f"ledger.db\n{SECRET}",
        f"ledger.db\x00{SECRET}",
        f"postgresql://me:{SECRET}/x@host/db",
        f"postgresql://me:{SECRET}@x@host/db",
        f"postgresql://me:{SECRET}?x@host/db",
        f"postgresql://me:{SECRET}:x@host/db",
        f"postgresql://me:{SECRET}%@host/db",
        f"postgresql://me:{SECRET}%zz@host/db",
        f"postgresql://me:{SECRET} x@host/db",
        f"postgresql://host:{SECRET}/db",
        f"postgresql://host/db/{SECRET}",
        f"postgresql://host/db?{SECRET}",
        f"~{SECRET}/ledger.db",
        "",
        "  ",
    ],
)
def test_what_is_not_certain_is_refused_and_not_repeated(text, tmp_path, monkeypatch):
    """One line that says what to write; no file is made of it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        read_address(text)
    told = str(caught.value)
    assert SECRET not in told
    assert "\n" not in told
    assert "postgresql://USER:PASSWORD@HOST" in told
    assert not is_path(text)
    assert list(tmp_path.iterdir()) == []


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_password_that_is_encoded_is_read_and_never_shown(user, password):
    """Each character that has a meaning in a URL is written in hexadecimal."""
    psycopg = pytest.importorskip("psycopg")
    user, password = (text.replace("\x00", "").strip() or "x" for text in (user, password))
    url = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@db:5433/ledger"
    address = read_address(url)
    assert address.shown == "postgresql://db:5433/ledger"
    facts = psycopg.conninfo.conninfo_to_dict(address.url)
    assert (facts["user"], facts["password"], facts["host"]) == (user, password, "db")


@given(st.text("abc@/:?%&=# [],", max_size=12), st.text("xyz", min_size=8, max_size=9))
def test_a_password_as_it_stands_is_read_right_or_refused(before, after):
    """Never is a part of a password taken for a host and shown."""
    psycopg = pytest.importorskip("psycopg")
    password = before + after
    try:
        address = read_address(f"postgresql://me:{password}@db/ledger")
    except SettingsError as caught:
        told = str(caught)
    else:
        told = address.shown
        facts = psycopg.conninfo.conninfo_to_dict(address.url)
        assert (told, facts["password"]) == ("postgresql://db/ledger", unquote(password))
    assert after not in told


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://host", "postgresql://host/"),
        ("postgresql:///ledger", "postgresql://localhost/ledger"),
        ("postgresql+psycopg://me@[::1]:5433/db?sslmode=require", "postgresql://[::1]:5433/db"),
        ("postgresql://a:1,b:2/db?target_session_attrs=read-write", "postgresql://a:1,b:2/db"),
        ("postgresql:///db?host=/run/postgresql&password=x", "postgresql:///run/postgresql/db"),
    ],
)
def test_forms_that_the_library_knows(url, shown):
    """Several hosts, sockets, IPv6 and options; only hosts and the database are shown."""
    assert read_address(url).shown == shown
