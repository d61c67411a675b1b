"""`bulkcall config` and `bulkcall check` from outside."""

from __future__ import annotations

import json
import socket

import pytest

from tests.contract.conftest import CALLER, receivers

pytestmark = pytest.mark.integration

TIMES = ("--start", "now", "--window", "8h")


def words(ended):
    """What was tried → how it stands."""
    return {each["thing"]: each["word"] for each in ended.json["findings"]}


def told(ended, thing):
    """What is said of one thing."""
    return next(each["message"] for each in ended.json["findings"] if each["thing"] == thing)


def test_config_check_names_all_that_is_wrong(place):
    """Lines for people, one object for scripts, exit 2; a mended file exits 0."""
    place.write("bulkcall.toml", "tokens = 11\n[profiles.north]\nbatch_sise = 2\n")
    ended = place.run("config", "check")
    assert ended.status == 2
    assert [line.split()[0] for line in ended.out.splitlines()] == [
        "error",
        "error",
        "bulkcall.toml:",
    ]
    assert (
        "line 3: [profiles.north] no setting 'batch_sise' (did you mean 'batch_size'?)" in ended.out
    )
    ended = place.run("config", "check", "--json")
    assert (ended.status, len(ended.json["problems"]), ended.json["exit_status"]) == (2, 2, 2)
    place.write("bulkcall.toml", "tokens = 10\n")
    ended = place.run("config", "check")
    assert (ended.status, ended.out) == (0, "bulkcall.toml: OK, no problems found\n")


def test_config_check_of_no_toml_at_all(place):
    """A file that is not TOML says where, and a profile that is not there has its nearest."""
    place.write("bulkcall.toml", "tokens = = 2\n")
    assert "line 1" in place.run("config", "check").out
    place.write("bulkcall.toml", "[profiles.north]\n")
    ended = place.run("config", "check", "--profile", "nort")
    assert (ended.status, "(did you mean 'north'?)" in ended.out) == (2, True)


def test_config_show_hides_secrets_and_says_where_each_came_from(place):
    """No secret on either stream, nor a ledger's password; origins for all."""
    place.write("bulkcall.toml", 'api_key = "s3cr3t-key"\ntokens = 3\n').chmod(0o600)
    environ = {
        "BULKCALL_TOKEN": "s3cr3t-token",
        "BULKCALL_LEDGER": "postgresql://me:s3cr3t-word@127.0.0.1/x?sslpassword=s3cr3t-two",
    }
    for arguments in ((), ("--json",)):
        ended = place.run("config", "show", *arguments, environ=environ)
        assert ended.status == 0
        assert "s3cr3t" not in ended.out + ended.err
    shown = ended.json["settings"]
    assert shown["token"] == {"value": "(hidden)", "from": "BULKCALL_TOKEN"}
    assert shown["tokens"] == {"value": 3, "from": "bulkcall.toml, line 2"}
    assert shown["region"] == {"value": "IN", "from": "default"}
    assert shown["key_id"]["value"] == ""


def test_config_schema_is_the_one_of_the_documentation(place):
    """The command and docs/bulkcall.schema.json say the same."""
    from pathlib import Path

    page = Path(__file__).parents[3] / "docs/bulkcall.schema.json"
    assert json.loads(place.run("config", "schema").out) == json.loads(page.read_text())


def test_check_finds_all_well_and_its_token_serves_the_run(client, sandbox):
    """Exit 0, no record sent, one token for the check and the run after it."""
    ended = client.run("check", "--json")
    assert ended.status == 0, ended.out
    assert set(words(ended).values()) == {"ok"}
    assert list(words(ended)) == ["settings", "ledger", "disk", "out", "credentials", "clock"]
    assert "one token created" in told(ended, "credentials")
    assert [entry.call for entry in sandbox.journal()] == ["token", "batch_status"]
    assert "an earlier run left" in client.run("check").out
    client.campaign([(CALLER, receivers(1)[0], "Parcel team")])
    assert client.run("run", "campaign.csv", *TIMES).status == 0
    assert sum(entry.call == "token" for entry in sandbox.journal()) == 1


def test_check_says_what_is_not_set(place):
    """Without credentials: exit 2; the rest is tried all the same."""
    ended = place.run("check", "--json")
    assert ended.status == 2
    assert words(ended)["credentials"] == "wrong"
    assert "BULKCALL_KEY_ID" in told(ended, "credentials")
    assert words(ended)["ledger"] == "ok"


def test_check_says_that_keys_are_not_accepted(client):
    """A wrong key: exit 1, one line, no key in it."""
    environ = {"BULKCALL_API_KEY": "00000000-dead-4000-8000-000000000000"}
    ended = client.run("check", "--json", environ=environ)
    assert ended.status == 1
    assert "no token for these keys" in told(ended, "credentials")
    assert "dead" not in ended.out


def test_check_of_a_ready_token_that_is_dead(client):
    """A token that the server does not take is found before the night."""
    ended = client.run("check", "--json", environ={"BULKCALL_TOKEN": "gone"})
    assert ended.status == 1
    assert words(ended)["credentials"] == "wrong"


def test_check_of_a_server_that_is_away(client):
    """Nobody listens: exit 1, and the clock was not compared."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    ended = client.run("check", "--json", environ={"BULKCALL_BASE_URL": url})
    assert ended.status == 1
    assert (words(ended)["credentials"], words(ended)["clock"]) == ("wrong", "skipped")


def test_check_of_a_ledger_that_is_none(client):
    """A file of somebody else's is left alone, and no token is spent."""
    client.write("other.db", "not a database, but of some length" * 10)
    ended = client.run("check", "--json", "--ledger", "other.db")
    assert ended.status == 1
    assert (words(ended)["ledger"], words(ended)["credentials"]) == ("wrong", "skipped")


def test_check_with_wrong_settings_and_hours(client):
    """Wrong settings: exit 2, the first is told; hours are told where they are set."""
    client.write("bulkcall.toml", 'not_before = "00:00"\nnot_after = "23:59"\ntokens = 0\n')
    ended = client.run("check", "--json")
    assert ended.status == 2
    assert "line 3" in told(ended, "settings")
    assert words(ended)["credentials"] == "skipped"
    assert "hours" in words(ended)


def test_credentials_from_files_send_a_run(client):
    """Keys in files as containers get them, none in the environment: the run goes through."""
    for name in ("key_id", "api_key"):
        value = client.environ.pop(f"BULKCALL_{name.upper()}")
        client.write(name, value + "\n").chmod(0o600)
        client.environ[f"BULKCALL_{name.upper()}_FILE"] = name
    client.campaign([(CALLER, receivers(1)[0], "Parcel team")])
    ended = client.run("run", "campaign.csv", *TIMES)
    assert ended.status == 0, ended.err
    (client.folder / "api_key").chmod(0o644)
    ended = client.run("run", "campaign.csv", *TIMES, "--resend")
    assert "chmod 600" in ended.err
