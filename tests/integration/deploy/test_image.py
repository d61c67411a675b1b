"""deploy/Dockerfile by its text (no image is built here): stages, user, signals, what is copied."""

from __future__ import annotations

import fnmatch
import json
import re

import pytest

from tests.integration.deploy.parts import DEPLOY, ROOT, VARIABLES, parse

KNOWN = {
    "FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD",
}  # fmt: skip


@pytest.fixture(scope="module")
def stages():
    """The stages, each a list of (instruction, its text)."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found = []
    for line in lines:
        word, _, rest = line.partition(" ")
        assert word in KNOWN, line
        if word == "FROM":
            found.append([])
        found[-1].append((word, " ".join(rest.split())))
    return found


def of(stage, word):
    """Give the texts of one instruction."""
    return [text for name, text in stage if name == word]


def test_what_builds_does_not_ship(stages):
    """Two stages of one base; the last takes only the finished environment from the first."""
    build, last = stages
    assert of(build, "FROM") == [f"{of(last, 'FROM')[0]} AS build"]
    assert of(last, "COPY") == ["--from=build /opt/bulkcall /opt/bulkcall"]
    assert not any("pip" in text for text in of(last, "RUN"))


def test_all_that_is_installed_is_locked(stages):
    """Each pip install is by hash from a lock, or of the wheel just built; none runs a resolver."""
    for step in of(stages[0], "RUN"):
        for command in step.split("&&"):
            if "pip install" in command:
                assert "--no-deps --require-hashes -r " in command or "--no-deps /wheels" in command
    assert any("pip check" in step for step in of(stages[0], "RUN"))


def test_it_is_nobody_special_and_hears_signals(stages):
    """A numeric user, process 1 is bulkcall itself (exec form), stopped by SIGTERM."""
    last = stages[1]
    assert of(last, "USER") == ["10001:10001"]
    assert of(last, "STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(of(last, "ENTRYPOINT")[0]) == ["bulkcall"]
    assert parse(json.loads(of(last, "CMD")[0])).params["once"] is True
    names = [name for name, _ in last]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_its_variables_are_settings(stages):
    """Each BULKCALL_ variable of the image is one that bulkcall reads."""
    named = set(re.findall(r"(BULKCALL_\w+)=", " ".join(of(stages[1], "ENV"))))
    assert named
    assert named <= VARIABLES


def test_all_that_is_copied_is_there_and_let_through(stages):
    """Each source of a COPY exists and passes .dockerignore, which lets nothing else through."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_through = {line[1:] for line in lines if line.startswith("!")}
    copied = set()
    for text in of(stages[0], "COPY"):
        copied |= set(text.split()[:-1])
    assert copied == let_through
    assert all((ROOT / each).exists() for each in copied)
    for secret in ("bulkcall.toml", "ledger.db", "bulkcall-runs/x/outcomes.csv", ".git/config"):
        assert not any(fnmatch.fnmatch(secret, each) for each in let_through)


def test_the_wheel_needs_nothing_that_is_not_copied(stages):
    """What pyproject.toml puts into the wheel stands among the copied."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = [*wheel["packages"], *wheel["force-include"]]
    wanted += [project["project"]["readme"], *project["project"]["license-files"]]
    copied = " ".join(of(stages[0], "COPY")).split()
    assert all(any(each.split("/")[0] == got for got in copied) for each in wanted)
