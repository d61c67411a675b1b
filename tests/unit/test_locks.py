"""The locks hold everything, so an install from one needs no resolver and no luck."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.locks import Locked, read_lock, what_is_missing

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
PYTHONS = ["3.11.0", "3.14.9"]
"""The oldest and the newest that bulkcall is for."""
REQUIRED = re.compile(r" requires ([\w.-]+)")
PLATFORMS = {
    "linux": ("Linux", "posix"),
    "darwin": ("Darwin", "posix"),
    "win32": ("Windows", "nt"),
}


def roots(*texts: list[str]) -> list[Requirement]:
    """The requirements that a lock is made from."""
    return [Requirement(each) for some in texts for each in some]


ROOTS = {
    "dev": roots(
        PROJECT["project"]["dependencies"], *EXTRAS.values(), PROJECT["dependency-groups"]["dev"]
    ),
    "run": roots(PROJECT["project"]["dependencies"], EXTRAS["postgresql"]),
    "build": roots(PROJECT["build-system"]["requires"]),
}


def environment(python: str, platform: str) -> dict[str, str]:
    """What markers see there."""
    system, os_name = PLATFORMS[platform]
    here = {key: str(value) for key, value in default_environment().items()}
    return here | {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


def uninstalled(lock: list[Locked]) -> set[str]:
    """Names that the lock has for other machines only, so that their metadata is not here."""
    here = {each.name for each in lock if each.is_for(default_environment())}
    return {each.name for each in lock} - here


def missing(name: str, lock: list[Locked], python: str, platform: str = "linux") -> list[str]:
    """What an install from the lock would lack there."""
    return what_is_missing(lock, ROOTS[name], environment(python, platform), uninstalled(lock))


@pytest.mark.parametrize("name", sorted(ROOTS))
def test_what_is_installed_is_what_is_locked(name):
    """Each package stands here in its locked version, so that its metadata speaks for the lock."""
    for each in read_lock(REQUIREMENTS / f"{name}.lock"):
        if each.is_for(default_environment()):
            assert metadata.version(each.name) == each.version, (
                f"{each.name}: run `make` anew; the environment is older than the lock"
            )


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", sorted(ROOTS))
def test_a_lock_is_complete(name, python, platform):
    """Every requirement of every locked package is locked too, extras included, in its range."""
    assert missing(name, read_lock(REQUIREMENTS / f"{name}.lock"), python, platform) == []


@pytest.mark.parametrize("lock", sorted(REQUIREMENTS.glob("*.lock")), ids=lambda path: path.stem)
def test_a_lock_speaks_of_no_machine(lock):
    """Each entry is a name, one version, a marker and hashes: no option, no path, no address."""
    text = lock.read_text(encoding="utf-8")
    entries = read_lock(lock)
    assert entries
    assert all(each.version for each in entries)
    assert "://" not in text
    lines = {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}
    assert not [word for word in lines if word.startswith("-") and not word.startswith("--hash=")]


def test_a_lock_without_one_line_is_found_out():
    """Whichever package is taken out of the lock, for either Python, is reported by its name."""
    lock = read_lock(REQUIREMENTS / "dev.lock")
    for python in PYTHONS:
        there = environment(python, "linux")
        for gone in [each for each in lock if each.is_for(there)]:
            rest = [each for each in lock if each is not gone]
            missed = {
                canonicalize_name(REQUIRED.search(line)[1]) for line in missing("dev", rest, python)
            }
            assert missed == {gone.name}


def test_a_version_outside_its_range_is_found_out():
    """A lock with another version than a package asks for is reported."""
    lock = read_lock(REQUIREMENTS / "dev.lock")
    doctored = [
        each._replace(requirement=Requirement("coverage==1.0")) if each.name == "coverage" else each
        for each in lock
    ]
    (line,) = missing("dev", doctored, PYTHONS[0])
    assert line == "pyproject.toml requires coverage[toml]<8,>=7.10, the lock has 1.0"


def test_an_extra_that_a_package_asks_for_is_followed(monkeypatch):
    """What only an extra needs is missed: the fault of a lock that let pip resolve `x[toml]`."""
    needs = {"outer": [Requirement("inner[toml]")], "inner": [Requirement("t; extra == 'toml'")]}
    monkeypatch.setattr("scripts.locks.installed_metadata", needs.__getitem__)
    lock = [Locked(Requirement(f"{name}==1"), frozenset({"sha256:0"})) for name in needs]
    found = what_is_missing(lock, [Requirement("outer")], environment("3.11.0", "linux"))
    assert found == ['inner requires t; extra == "toml", which is not in the lock']


def test_nothing_is_installed_from_a_lock_with_a_resolver():
    """Wherever a lock is given to pip, in code or in docs, it is with --no-deps and by hash."""
    files = [ROOT / "Makefile", ROOT / ".ci/run", ROOT / "deploy/Dockerfile", *ROOT.glob("*.md")]
    for folder in ("deploy", "docs", "examples", "scripts", "benchmarks"):
        files += [
            each
            for each in (ROOT / folder).rglob("*")
            if each.suffix in {".md", ".py", ".yaml", ".sh", ""} and each.is_file()
        ]
    made = [
        (file.name, line)
        for file in files
        for line in file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        if "pip install " in line and (".lock" in line or line.startswith("INSTALL"))
    ]
    assert {"Makefile", "Dockerfile", "README.md"} <= {name for name, _ in made}
    assert [line for _, line in made if "--no-deps --require-hashes -r" not in line] == []
