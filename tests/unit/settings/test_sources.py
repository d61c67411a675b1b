"""Settings: flags over environment over bulkcall.toml over defaults."""

from __future__ import annotations

import pytest

from bulkcall.errors import SettingsError
from bulkcall.settings import RULES, Secret, load_settings


def load(tmp_path, toml=None, environ=None, **flags):
    """Load settings from a bulkcall.toml of this text, this environment and these flags."""
    config = None
    if toml is not None:
        config = tmp_path / "bulkcall.toml"
        config.write_text(toml, encoding="utf-8")
    return load_settings(flags, config=config, environ=environ or {})


def test_each_source_stands_over_the_next(tmp_path):
    """A flag beats the environment, that beats the file, that beats the default."""
    toml, environ = (
        "tokens = 2\nbatch_size = 20",
        {"BULKCALL_TOKENS": "3", "BULKCALL_BATCH_SIZE": ""},
    )
    assert load(tmp_path, toml, environ, tokens=4).settings.tokens == 4
    assert load(tmp_path, toml, environ).settings.tokens == 3
    assert load(tmp_path, toml).settings.tokens == 2
    assert load(tmp_path).settings.tokens == 1
    assert load(tmp_path, toml, environ).settings.batch_size == 20


def test_origins_name_where_each_value_came_from(tmp_path):
    """Each effective value says its source."""
    origins = load(tmp_path, "batch_size = 20", {"BULKCALL_TOKENS": "3"}, region="de").origins
    assert origins["tokens"] == "BULKCALL_TOKENS"
    assert origins["region"] == "flag"
    assert "bulkcall.toml" in origins["batch_size"]
    assert origins["stamp"] == "default"


def test_profile_stands_over_the_top_level(tmp_path):
    """A profile is one client account: its keys win, and the columns add up."""
    toml = """
    tokens = 2
    [columns]
    caller_number = "From"
    [profiles.north]
    tokens = 5
    client_account_id = "acc-north"
    [profiles.north.columns]
    receiver_number = "Mobile"
    """
    settings = load(tmp_path, toml, {"BULKCALL_PROFILE": "north"}).settings
    assert (settings.tokens, settings.client_account_id) == (5, "acc-north")
    assert settings.columns == {"caller_number": "From", "receiver_number": "Mobile"}
    assert load(tmp_path, toml).settings.client_account_id == ""


def test_map_flag_adds_to_the_files_columns(tmp_path):
    """--map settles one field and leaves the others to bulkcall.toml."""
    toml = '[columns]\ncaller_number = "From"\nreceiver_number = "Old"'
    settings = load(tmp_path, toml, columns={"receiver_number": "New"}).settings
    assert settings.columns == {"caller_number": "From", "receiver_number": "New"}


@pytest.mark.parametrize(
    ("region", "zone", "expected"),
    [(None, None, "Asia/Kolkata"), ("DE", None, ""), ("DE", "Europe/Berlin", "Europe/Berlin")],
)
def test_the_time_zone_follows_the_region_only_in_india(tmp_path, region, zone, expected):
    """Asia/Kolkata while the region is IN, else none, unless a zone is set."""
    assert load(tmp_path, region=region, timezone=zone).settings.timezone == expected


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"BULKCALL_TOKENS": "11"}, "BULKCALL_TOKENS: must be at most 10, not 11"),
        ({"BULKCALL_TOKENS": "many"}, "BULKCALL_TOKENS: must be a whole number, not 'many'"),
        ({"BULKCALL_BATCH_SIZE": "501"}, "at most 500"),
        ({"BULKCALL_BASE_URL": "http://example.com"}, "plain http"),
        ({"BULKCALL_BASE_URL": "ftp://127.0.0.1"}, "must be a URL"),
        ({"BULKCALL_TIMEZONE": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"BULKCALL_REGION": "India"}, "two letters"),
        ({"BULKCALL_CLIENT_ACCOUNT_ID": "../other"}, "no client account id"),
        ({"BULKCALL_RECONCILE_TIMEOUT": "nan"}, "must be a number"),
        ({"BULKCALL_STAMP": "perhaps"}, "true or false"),
        ({"BULKCALL_PROFILE": "south"}, "no profile 'south'"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_source(tmp_path, environ, told):
    """Each wrong value says where it stands and what it must be."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, environ=environ)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:9", "http://[::1]:9", "https://x.y"]
)
def test_plain_http_is_for_loopback_only(tmp_path, url):
    """Loopback may be plain; everything else must be https."""
    assert load(tmp_path, environ={"BULKCALL_BASE_URL": url + "/"}).settings.base_url == url


def test_an_unknown_key_names_the_nearest(tmp_path):
    """A misspelt key of bulkcall.toml is refused, also in a profile that is not in force."""
    with pytest.raises(SettingsError, match="did you mean 'batch_size'"):
        load(tmp_path, "batch_sise = 2")
    with pytest.raises(SettingsError, match=r"\[profiles.north\] no setting 'batch_sise'"):
        load(tmp_path, "[profiles.north]\nbatch_sise = 2")


def test_a_file_that_is_no_toml_is_named(tmp_path):
    """Broken TOML and a missing --config are one line each."""
    with pytest.raises(SettingsError, match="is not TOML"):
        load(tmp_path, "tokens = = 2")
    with pytest.raises(SettingsError, match="there is no file"):
        load_settings(config=tmp_path / "none.toml", environ={})


def test_secrets_do_not_show_themselves(tmp_path):
    """No repr, str or error shows a secret."""
    settings = load(
        tmp_path, environ={"BULKCALL_API_KEY": "s3cr3t", "BULKCALL_TOKEN": "t0k3n"}
    ).settings
    assert settings.api_key == Secret("s3cr3t")
    assert settings.api_key.reveal() == "s3cr3t"
    assert "s3cr3t" not in f"{settings!r} {settings.api_key} {settings.api_key!r}"
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "api_key = 12345")
    assert "12345" not in str(caught.value)


def test_every_setting_has_its_rule():
    """The documentation's table can be made from the rules alone."""
    assert all(rule.help for rule in RULES.values())
