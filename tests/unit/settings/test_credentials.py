"""Secrets from the environment, from files, from systemd's folder and from the keyring."""

from __future__ import annotations

import keyring
import keyring.backend
import keyring.errors
import pytest

from bulkcall.errors import SettingsError
from bulkcall.settings import Secret, load_settings, survey


@pytest.fixture
def secret(tmp_path):
    """Write a file that holds a secret, for the user alone unless said otherwise."""

    def write(name, text, mode=0o600):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return write


def test_a_file_named_in_the_environment(secret):
    """`BULKCALL_API_KEY_FILE`, with the line's end cut off; the origin names the variable."""
    path = secret("key", "s3cr3t\n")
    loaded = load_settings(environ={"BULKCALL_API_KEY_FILE": str(path)})
    assert loaded.settings.api_key == Secret("s3cr3t")
    assert loaded.origins["api_key"] == "BULKCALL_API_KEY_FILE"
    assert loaded.warnings == ()


@pytest.mark.parametrize("name", ["smtp_password", "notify_webhook", "token"])
def test_every_secret_may_come_from_a_file(secret, name):
    """Not only the API's own."""
    path = secret("it", "https://hooks.example.com/s3cr3t")
    variable = f"BULKCALL_{name.upper()}_FILE"
    settings = load_settings(environ={variable: str(path)}).settings
    assert getattr(settings, name).reveal() == "https://hooks.example.com/s3cr3t"


def test_a_file_named_in_bulkcall_toml(secret, tmp_path):
    """`key_id_file`, in the profile that is in force."""
    key = secret("key", "north-key")
    config = secret("bulkcall.toml", f'[profiles.north]\nkey_id_file = "{key}"\n')
    loaded = load_settings({"profile": "north"}, config=config, environ={})
    assert loaded.settings.key_id == Secret("north-key")
    assert "line 2" in loaded.origins["key_id"]
    assert not load_settings(config=config, environ={}).settings.key_id


def test_the_credentials_directory_of_systemd(secret, tmp_path):
    """Files by their names there; a profile's own before the common one."""
    secret("creds/bulkcall_key_id", "common-id", 0o444)
    secret("creds/bulkcall_api_key", "common-key")
    secret("creds/bulkcall_north_api_key", "north-key")
    config = secret("bulkcall.toml", "[profiles.north]\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    common = load_settings(config=config, environ=environ)
    north = load_settings({"profile": "north"}, config=config, environ=environ)
    assert (common.settings.key_id, common.settings.api_key) == (
        Secret("common-id"),
        Secret("common-key"),
    )
    assert (north.settings.key_id, north.settings.api_key) == (
        Secret("common-id"),
        Secret("north-key"),
    )
    assert common.warnings == ()


def test_the_order_of_sources(secret, tmp_path):
    """Environment, its file, systemd's folder, bulkcall.toml: the first that has it counts."""
    secret("creds/bulkcall_token", "from-systemd")
    config = secret("bulkcall.toml", 'token = "from-toml"')
    file = secret("token", "from-file")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    assert load_settings(config=config, environ={}).settings.token.reveal() == "from-toml"
    assert load_settings(config=config, environ=environ).settings.token.reveal() == "from-systemd"
    environ["BULKCALL_TOKEN_FILE"] = str(file)
    assert load_settings(config=config, environ=environ).settings.token.reveal() == "from-file"
    environ = {"BULKCALL_TOKEN": "itself"}
    assert load_settings(config=config, environ=environ).settings.token.reveal() == "itself"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "can't be read: No such file"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("s3cr3t\ns3cr3t", "does not hold one line"),
        (b"\xff\xfes3cr3t", "does not hold one line|is empty"),
        ("s3cr3t" * 10_000, "does not hold one line"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_and_not_shown(secret, tmp_path, content, told):
    """One line with variable and path; never what it holds."""
    path = tmp_path / "key" if content is None else secret("key", content)
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(environ={"BULKCALL_API_KEY_FILE": str(path)})
    assert str(caught.value).startswith(f"BULKCALL_API_KEY_FILE: {path}")
    assert "s3cr3t" not in str(caught.value)


def test_who_sends_nothing_needs_no_credentials(tmp_path):
    """A file that this user may not read does not keep anybody from validating."""
    environ = {"BULKCALL_API_KEY_FILE": str(tmp_path / "none")}
    assert not load_settings(environ=environ, credentials=False).settings.api_key


@pytest.mark.parametrize("both", ["environment", "file"])
def test_a_secret_twice_in_one_place_is_a_mistake(secret, both):
    """Nobody can tell which was meant."""
    key = secret("key", "one")
    environ, config = {}, None
    if both == "environment":
        environ = {"BULKCALL_API_KEY": "other", "BULKCALL_API_KEY_FILE": str(key)}
    else:
        config = secret("bulkcall.toml", f'api_key = "other"\napi_key_file = "{key}"\n')
    with pytest.raises(SettingsError, match="is set as well; keep one of them"):
        load_settings(config=config, environ=environ)


def test_a_secret_that_everybody_can_read_is_warned_of(secret):
    """For a secret's file and for bulkcall.toml; not where bulkcall.toml holds none."""
    key = secret("key", "s3cr3t", 0o644)
    config = secret("bulkcall.toml", 'token = "s3cr3t"', 0o644)
    loaded = load_settings(config=config, environ={"BULKCALL_API_KEY_FILE": str(key)})
    assert [line.split(" and everybody")[0] for line in loaded.warnings] == [
        f"{config} holds token",
        f"{key} holds api_key",
    ]
    assert not any("s3cr3t" in line for line in loaded.warnings)
    config.write_text("tokens = 2")
    assert load_settings(config=config, environ={}).warnings == ()


class Fake(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, held=None, error=None):
        super().__init__()
        self.held, self.error, self.asked = held or {}, error, []

    def get_password(self, service, username):
        """Give what is held, or fail."""
        self.asked.append((service, username))
        if self.error:
            raise self.error
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        """Not used."""

    def delete_password(self, service, username):
        """Not used."""


@pytest.fixture
def fake():
    """Put a fake keyring in force."""
    before = keyring.get_keyring()

    def put(held=None, error=None):
        backend = Fake(held, error)
        keyring.set_keyring(backend)
        return backend

    yield put
    keyring.set_keyring(before)


ON = {"BULKCALL_KEYRING": "true"}


def test_the_keyring_is_asked_for_what_is_not_set(fake, secret):
    """The profile's service before the common one; a stronger source is not asked for."""
    backend = fake({("bulkcall/north", "api_key"): "north-key", ("bulkcall", "key_id"): "id"})
    config = secret("bulkcall.toml", 'profile = "north"\n[profiles.north]\n')
    loaded = load_settings(config=config, environ=ON | {"BULKCALL_SMTP_PASSWORD": "mail"})
    assert loaded.settings.api_key == Secret("north-key")
    assert loaded.settings.key_id == Secret("id")
    assert loaded.origins["api_key"] == "keyring"
    assert {name for _, name in backend.asked} == {"api_key", "key_id"}


def test_the_keyring_is_left_alone_unless_asked_for(fake):
    """Off by default, and for commands that send nothing."""
    backend = fake({("bulkcall", "api_key"): "key"})
    assert not load_settings(environ={}).settings.api_key
    assert not load_settings(environ=ON, credentials=False).settings.api_key
    assert backend.asked == []


def test_a_locked_keyring_is_one_problem(fake):
    """However many secrets are looked up, and without what the backend says."""
    fake(error=keyring.errors.KeyringLocked("s3cr3t"))
    problems = survey(environ=ON).problems
    assert all(line.startswith("keyring: it can't be asked for") for line in problems)
    assert "s3cr3t" not in "".join(problems)


def test_a_keyring_that_is_not_installed_names_the_extra(monkeypatch):
    """One line that says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    assert survey(environ=ON).problems == (
        "keyring: the package is not there; install bulkcall[keyring] or turn the setting off",
    )
