"""What a setting means depends neither on where a command is started nor on who quoted it."""

from __future__ import annotations

import os

import pytest

from bulkcall.errors import SettingsError
from bulkcall.settings import RULES, load_settings, survey

ACCOUNT = {"BULKCALL_KEY_ID": "k", "BULKCALL_API_KEY": "a"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working directory, and a user's configuration directory beside it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "bulkcall").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if rule.path))
def test_a_relative_path_in_the_file_is_relative_to_its_folder(home, name):
    """From whatever working directory; in the environment and in flags it is as given."""
    config = home / "config" / "bulkcall" / "bulkcall.toml"
    config.write_text(f'{name} = "below/it.x"\n[profiles.p]\n{name} = "../it.y"\n')
    for folder in (home, home / "work"):
        os.chdir(folder)
        found = survey(credentials=False, environ={}).settings
        assert getattr(found, name) == str(config.parent / "below/it.x")
        found = survey({"profile": "p"}, credentials=False, environ={}).settings
        assert getattr(found, name) == str(home / "config/it.y")
    environ = {f"BULKCALL_{name.upper()}": "below/it.x"}
    if name not in {"key_id_file", "api_key_file", "token_file"}:
        assert getattr(load_settings(environ=environ).settings, name) == "below/it.x"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/srv/ledger.db", "/srv/ledger.db"),
        ("~/ledger.db", "~/ledger.db"),
        ("postgresql://db/bulkcall", "postgresql://db/bulkcall"),
        ("sqlite:///ledger.db?x=1", "sqlite:///{folder}/ledger.db?x=1"),
        ("sqlite:////srv/ledger.db", "sqlite:////srv/ledger.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
    ],
)
def test_other_forms_of_a_ledger_stay(home, written, meant):
    """Absolute paths, the home folder and databases; SQLite's own URL names a path too."""
    (home / "work" / "bulkcall.toml").write_text(f'ledger = "{written}"')
    assert load_settings(environ={}).settings.ledger == meant.format(folder=home / "work")


@pytest.mark.parametrize(
    "value",
    [
        '"ledger.db"',
        "'ledger.db'",
        '"ledger.db',
        "$HOME/ledger.db",
        "${HOME}/ledger.db",
        "%APPDATA%\\ledger.db",
        "ledger.db # of the north",
        "ledger.db #",
    ],
)
@pytest.mark.parametrize("source", ["environ", "file", "flag"])
def test_a_value_that_can_only_be_a_slip_is_refused(home, value, source):
    """Named with where it stands, never a new ledger."""
    where = {"environ": "BULKCALL_LEDGER", "file": "bulkcall.toml, line 1", "flag": "flag"}[source]
    if source == "file":
        (home / "work" / "bulkcall.toml").write_text(f"ledger = '''{value}'''")
        if value.startswith("'"):
            return  # TOML itself says so
    environ = {"BULKCALL_LEDGER": value} if source == "environ" else {}
    flags = {"ledger": value} if source == "flag" else {}
    with pytest.raises(SettingsError, match=where):
        load_settings(flags, environ=environ)


@pytest.mark.parametrize("value", ['"s3cr3t"', "$API_KEY", "${API_KEY}", "s3cr3t # the key"])
def test_a_slip_in_a_secret_is_refused_and_not_shown(home, value):
    """Docker's environment files keep quotes and comments."""
    del home
    with pytest.raises(SettingsError, match="BULKCALL_API_KEY: ") as raised:
        load_settings(environ=ACCOUNT | {"BULKCALL_API_KEY": value})
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ledger", "postgresql://me:pa$word@db/x"),
        ("ledger", "list #7.db"),
        ("smtp_password", '"quoted"'),
        ("smtp_password", "$word"),
    ],
)
def test_what_may_be_meant_is_a_warning(home, name, value):
    """A password may hold anything, a folder a number sign."""
    del home
    loaded = load_settings(environ={f"BULKCALL_{name.upper()}": value})
    assert [line.partition(":")[0] for line in loaded.warnings] == [f"BULKCALL_{name.upper()}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date_format", "%d%m%Y"),
        ("date_format", "%H%M%S %d.%m.%Y"),
        ("max_invalid", "5%"),
        ("out", "/srv/reports/{date}/{file}"),
        ("smtp_password", "p#ss$"),
        ("null_values", "NULL, #N/A"),
        ("region", "IN"),
    ],
)
def test_an_ordinary_value_is_no_slip(home, name, value):
    """No warning where nothing is wrong."""
    del home
    loaded = load_settings(environ={f"BULKCALL_{name.upper()}": value})
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("name", "near"),
    [("BULKCALL_LEGDER", "BULKCALL_LEDGER"), ("bulkcall_tokens", "BULKCALL_TOKENS")],
)
def test_a_variable_that_nothing_reads_is_a_warning(home, name, near):
    """With the nearest that is read."""
    del home
    [warning] = load_settings(environ={name: "x"}).warnings
    assert warning == f"{name}: no setting reads this variable (did you mean {near!r}?)"


@pytest.mark.parametrize("folder", ["work", "config/bulkcall"])
@pytest.mark.parametrize(("what", "mode"), [("file", 0o666), ("folder", 0o777), ("file", 0o664)])
def test_a_found_file_that_others_can_write_is_refused(home, folder, what, mode):
    """Or one in such a folder; named by --config it is taken."""
    path = home / folder / "bulkcall.toml"
    path.write_text("tokens = 2")
    (path if what == "file" else path.parent).chmod(mode)
    with pytest.raises(SettingsError, match="others can write") as raised:
        load_settings(environ={})
    assert raised.value.exit_status == 2
    assert load_settings(config=path, environ={}).settings.tokens == 2


@as_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_found_file_of_another_user_is_refused(home, what):
    """The file itself, or the folder, in which that user could put another one."""
    path = home / "work" / "bulkcall.toml"
    path.write_text("tokens = 2")
    os.chown(path if what == "file" else path.parent, 65534, 65534)
    with pytest.raises(SettingsError, match="belongs to another user"):
        load_settings(environ={})


def test_a_link_to_what_others_can_write_is_refused(home):
    """The file that is read counts, not the name of it."""
    shared = home / "shared"
    shared.mkdir()
    (shared / "any.toml").write_text("tokens = 2")
    (home / "work" / "bulkcall.toml").symlink_to(shared / "any.toml")
    assert load_settings(environ={}).settings.tokens == 2
    shared.chmod(0o777)
    with pytest.raises(SettingsError, match="others can write"):
        load_settings(environ={})


@pytest.mark.parametrize(
    "environ", [ACCOUNT, {"BULKCALL_TOKEN": "t"}, {"BULKCALL_API_KEY_FILE": "../key"}]
)
def test_a_found_file_never_takes_credentials_from_elsewhere_to_its_server(home, environ):
    """Unless the file was named, or holds the credentials itself, or names the usual server."""
    (home / "key").write_text("a")
    path = home / "work" / "bulkcall.toml"
    path.write_text('base_url = "https://collector.example.com"')
    with pytest.raises(SettingsError, match="names base_url"):
        load_settings(environ=environ)
    named = load_settings(config=path, environ=environ).settings
    assert named.base_url == "https://collector.example.com"
    path.write_text('base_url = "https://enterprise-portal-noneu.truecaller.com/"')
    load_settings(environ=environ)
    path.write_text('base_url = "https://own.example.com"\ntoken = "t"')
    path.chmod(0o600)
    assert load_settings(environ={}).settings.base_url == "https://own.example.com"
