"""Which proxy stands before the API, and which addresses pass it by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api.proxies import find_proxy, passes_by


@pytest.mark.parametrize(
    ("entry", "host", "port", "by"),
    [
        ("*", "api.example.com", 443, True),
        ("example.com", "api.example.com", 443, True),
        (".example.com", "api.example.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("example.com", "example.com", 443, True),
        ("example.com", "notexample.com", 443, False),
        ("EXAMPLE.com", "api.example.COM", 443, True),
        ("api.example.com:443", "api.example.com", 443, True),
        ("api.example.com:8443", "api.example.com", 443, False),
        ("https://api.example.com", "api.example.com", 443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("fd00::/8", "fd12::1", 443, True),
        ("fd00::/8", "10.1.2.3", 443, False),
        ("[fd00::]/8", "fd12::1", 443, True),
        ("::1", "::1", 443, True),
        ("[::1]", "::1", 443, True),
        ("[::1]:443", "::1", 443, True),
        ("[::1]:80", "::1", 443, False),
        ("localhost", "127.0.0.1", 80, True),
        ("localhost,127.0.0.0/8, ::1", "127.0.0.1", 80, True),
        ("", "api.example.com", 443, False),
        (" , ,", "api.example.com", 443, False),
        ("[::1", "api.example.com", 443, False),
        ("fe80::%eth0/64", "api.example.com", 443, False),
        ("10.0.0.0/99", "10.0.0.1", 443, False),
    ],
)
def test_what_no_proxy_leads_round(entry, host, port, by):
    """Hosts, domains, addresses and networks of both kinds, ports; nonsense leads round nothing."""
    assert passes_by(host, port, entry) is by


@given(st.text(max_size=60))
def test_no_entry_breaks_it(text):
    """Whatever stands in NO_PROXY, there is an answer."""
    assert passes_by("api.example.com", 443, text) in (True, False)


def test_the_variable_that_names_the_proxy_is_known(monkeypatch):
    """And a user name and password in it are not shown."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    assert find_proxy("https://api.example.com", {}) is None
    environ = {"ALL_PROXY": "http://me:s3cr3t@proxy:3128"}
    assert str(find_proxy("https://api.example.com", environ)) == (
        "the proxy http://proxy:3128 (ALL_PROXY)"
    )
    environ["https_proxy"] = "other:8080"
    found = find_proxy("https://api.example.com", environ)
    assert (found.url, found.variable) == ("http://other:8080", "https_proxy")
