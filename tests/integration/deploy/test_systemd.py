"""deploy/systemd and deploy/cron: the units are right by systemd's word, cron's line works."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from bulkcall.errors import ExitStatus
from bulkcall.settings import load_settings
from tests.integration.deploy.parts import DEPLOY, VARIABLES, parse

INSTALLED = "/opt/bulkcall/bin/bulkcall"
SERVICE = DEPLOY / "systemd/bulkcall-inbox.service"
TIMER = DEPLOY / "systemd/bulkcall-inbox.timer"
MOST_EXPOSURE = 15
"""Tenths, by `systemd-analyze security`; 0 is sealed, 100 is a service without any hardening."""

analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def entries(path):
    """Read a unit file as (section, key, value) lines; it may name a key more than once."""
    section, found = "", []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.append((section, key, value))
    return found


def values(path, key):
    """Give all values of a key."""
    return [value for _, name, value in entries(path) if name == key]


@pytest.fixture
def units(tmp_path):
    """The units, with a program that exists here in place of the installed one."""
    for unit in (SERVICE, TIMER):
        text = unit.read_text(encoding="utf-8").replace(INSTALLED, sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


@analyze
@pytest.mark.parametrize("unit", [SERVICE.name, TIMER.name])
def test_systemd_finds_nothing_wrong_with_the_units(units, unit):
    """`systemd-analyze verify` accepts each unit without a word."""
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", units / unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


@analyze
def test_verify_would_tell_of_a_wrong_unit(units):
    """A misspelt setting is told of, so that the test above can fail."""
    wrong = units / SERVICE.name
    wrong.write_text(wrong.read_text().replace("TimeoutStopSec", "TimeoutStpSec"))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", wrong],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "TimeoutStpSec" in ended.stderr


@analyze
def test_the_service_is_sealed_off(units):
    """`systemd-analyze security` rates the service's exposure 1.5 of 10 or less."""
    ended = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            f"--threshold={MOST_EXPOSURE}",
            units / SERVICE.name,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout[-300:] + ended.stderr


def test_the_service_starts_a_command_that_exists():
    """ExecStart is read by bulkcall itself: one round over the folder that it may write to."""
    [line] = values(SERVICE, "ExecStart")
    program, *words = shlex.split(line)
    assert program == INSTALLED
    context = parse(words)
    assert context.params["once"] is True
    assert str(context.params["folder"]) in values(SERVICE, "ReadWritePaths")
    assert str(context.params["config"]) == "/etc/bulkcall/bulkcall.toml"


def test_the_service_names_settings_that_exist():
    """Each BULKCALL_ variable is a setting; secrets come as credentials, never as text."""
    given = dict(value.split("=", 1) for value in values(SERVICE, "Environment"))
    named = {name for name in given if name.startswith("BULKCALL_")}
    assert named <= VARIABLES
    assert not named & {"BULKCALL_KEY_ID", "BULKCALL_API_KEY", "BULKCALL_TOKEN"}
    assert named
    loaded = {value.split(":")[0] for value in values(SERVICE, "LoadCredential")}
    assert loaded == {"bulkcall_key_id", "bulkcall_api_key"}


def test_the_service_s_credentials_are_found(tmp_path):
    """Files of these names in systemd's credentials directory are what bulkcall looks for."""
    for value in values(SERVICE, "LoadCredential"):
        (tmp_path / value.split(":")[0]).write_text("secret\n")
        (tmp_path / value.split(":")[0]).chmod(0o400)
    settings = load_settings(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}).settings
    assert settings.key_id.reveal() == settings.api_key.reveal() == "secret"


def test_the_service_ends_in_order_and_maps_the_exit_statuses():
    """SIGTERM, time for an orderly end, and only what nobody has to fix counts as success."""
    assert values(SERVICE, "KillSignal") == ["SIGTERM"]
    assert int(values(SERVICE, "TimeoutStopSec")[0]) > 30  # request_timeout, then the report
    [fine] = values(SERVICE, "SuccessExitStatus")
    assert {int(each) for each in fine.split()} == {ExitStatus.NOT_ALL, ExitStatus.INTERRUPTED}


def test_users_and_folders_are_those_of_the_service():
    """User, groups and folders of the service are made by sysusers.conf and tmpfiles.conf."""
    made = (DEPLOY / "systemd/sysusers.conf").read_text(encoding="utf-8")
    for kind, name in [
        ("u", values(SERVICE, "User")),
        ("g", values(SERVICE, "SupplementaryGroups")),
    ]:
        assert re.search(rf"^{kind} {name[0]} ", made, re.MULTILINE)
    folders = (DEPLOY / "systemd/tmpfiles.conf").read_text(encoding="utf-8")
    wanted = [*values(SERVICE, "ReadWritePaths"), *values(SERVICE, "WorkingDirectory")]
    wanted.append("/etc/bulkcall/credentials")
    for folder in wanted:
        assert re.search(rf"^d {folder} \d{{4}} ", folders, re.MULTILINE)


def cron():
    """Give the crontab's variables and its one line's schedule, user and command."""
    lines = (DEPLOY / "cron/bulkcall").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines[:-1])
    *schedule, user, command = lines[-1].split(maxsplit=6)
    return variables, schedule, user, command


def test_the_cron_line_starts_a_command_that_exists():
    """The crontab has five fields of time, a user, and words that flock and bulkcall understand."""
    variables, schedule, user, command = cron()
    assert schedule == ["*/10", "*", "*", "*", "*"]
    assert user == "bulkcall"
    assert "%" not in command  # cron would make line ends of them
    words = shlex.split(command.partition(">>")[0])
    assert parse(words[words.index("bulkcall") + 1 :]).params["once"] is True
    assert {name for name in variables if name.startswith("BULKCALL_")} <= VARIABLES


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock (util-linux) is not installed")
@pytest.mark.parametrize("held", [False, True])
def test_a_second_round_by_cron_leaves_while_the_first_works(tmp_path, held):
    """The line as it stands, in other folders: where the lock is held, nothing starts, status 0."""
    _, _, _, command = cron()
    program = tmp_path / "bulkcall"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    command = command.replace("/var/lib/bulkcall", str(tmp_path))
    with (tmp_path / "cron.lock").open("w") as lock:
        if held:
            fcntl.flock(lock, fcntl.LOCK_EX)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["/bin/sh", "-c", command], env={"PATH": path}, check=False, timeout=60
        )
    assert ended.returncode == 0
    log = (tmp_path / "inbox.log").read_text()
    assert log == ("" if held else "inbox /srv/bulkcall/inbox --once --config "
                   "/etc/bulkcall/bulkcall.toml --quiet\n")  # fmt: skip
