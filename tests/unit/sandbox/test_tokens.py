"""Tokens: life, cap, revocation."""

from __future__ import annotations

import orjson

from bulkcall.sandbox.enums import Call, Counting


def bearer(reply) -> str:
    """The token of an answer."""
    return orjson.loads(reply.body)["token"]


def test_a_token_lives_an_hour(desk):
    """A made token works for 60 minutes and not a moment longer."""
    at = desk()
    at.bearer = bearer(at.make_token())
    at.pass_time(3599.9)
    assert at.realtime().status == 200
    at.pass_time(0.1)
    assert at.realtime().status == 401


def test_ten_tokens_in_thirty_minutes(desk):
    """The eleventh creation within 30 minutes is turned away, half an hour later it is not."""
    at = desk()
    assert [at.make_token().status for _ in range(11)] == [200] * 10 + [429]
    at.pass_time(1800)
    assert at.make_token().status == 200
    assert at.sandbox.tokens.created == 11


def test_a_wrong_key_costs_nothing(desk):
    """Refused credentials do not count as creations."""
    at = desk()
    assert {at.make_token(api_key="x").status for _ in range(20)} == {401}
    assert at.make_token().status == 200


def test_tokens_have_their_own_limits(desk):
    """One token at its limit leaves another one free."""
    at = desk()
    for _ in range(100):
        at.realtime()
    assert at.realtime().status == 429
    at.bearer = bearer(at.make_token())
    assert at.realtime().status == 200


def test_revoking(desk):
    """A revoked token is a 401, a static one too; the others live on."""
    at = desk()
    other = bearer(at.make_token())
    assert at.sandbox.tokens.revoke("t") == 1
    assert at.realtime().status == 401
    at.bearer = other
    assert at.realtime().status == 200
    assert at.sandbox.tokens.revoke() == 2
    assert at.realtime().status == 401


def test_another_accounts_path(desk):
    """A good token on another account's path is a 401."""
    at = desk()
    at.account = "somebody-else"
    assert at.realtime().status == 401
    assert at.make_token().status == 401


def test_no_token_in_the_journal(desk):
    """The journal names tokens by a hash, never by their text."""
    at = desk()
    at.bearer = bearer(at.make_token())
    at.realtime()
    assert at.bearer.encode() not in at.sandbox.journal.text()
    assert at.journal()[-1]["token"]


def test_a_bucket_count_leaves_the_cap_alone(desk):
    """A small bucket is meant for requests; ten tokens in a row can still be made."""
    at = desk(counting=Counting.BUCKET, bucket_size=1)
    assert [at.make_token().status for _ in range(11)] == [200] * 10 + [429]
    assert [at.realtime().status for _ in range(2)] == [200, 429]


def test_a_token_request_that_is_no_json(desk):
    """What is no JSON is refused, whatever else is right."""
    at = desk()
    assert at._send(Call.TOKEN, b"{").status == 400
