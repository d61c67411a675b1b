"""Reads requirements/*.lock, and finds what is missing from one."""

from __future__ import annotations

import functools
import re
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Locked(NamedTuple):
    """One entry of a lock: a package at one version, with its marker and its hashes."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> NormalizedName:
        """The package's normalised name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version that it is pinned to."""
        (pin,) = self.requirement.specifier
        if pin.operator != "==":
            raise ValueError(f"{self.requirement} is not pinned with ==")
        return pin.version

    def is_for(self, environment: Mapping[str, str]) -> bool:
        """Whether its marker lets it be installed in that environment."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(environment))


def read_lock(path: Path) -> list[Locked]:
    """Return the entries of a lock, in its order; an option or address in it is a ValueError."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = []
    for line in text.replace("\\\n", " ").splitlines():
        words, *hashes = re.split(r"\s--hash=", line.strip())
        if words:
            entries.append(Locked(Requirement(words), frozenset(each.strip() for each in hashes)))
    for entry in entries:
        if entry.requirement.url or not entry.hashes:
            raise ValueError(f"{path.name}: {entry.requirement} has an address, or no hash")
    return entries


@functools.cache
def installed_metadata(name: NormalizedName) -> tuple[Requirement, ...]:
    """Return what a package requires, from what is installed here under its name."""
    return tuple(Requirement(each) for each in metadata.requires(name) or ())


def what_is_missing(
    lock: Iterable[Locked],
    roots: Iterable[Requirement],
    environment: Mapping[str, str],
    uninstalled: Iterable[NormalizedName] = (),
) -> list[str]:
    """Return, a line each, every requirement that an install from the lock would leave unmet.

    Followed from `roots` through every locked package and each extra that somebody asks for, with
    markers evaluated for `environment`. Packages named in `uninstalled` are for other machines;
    what they require can't be known here.
    """
    have = {each.name: each for each in lock if each.is_for(environment)}
    problems = []
    waiting = [("pyproject.toml", root, "") for root in roots]
    seen: set[tuple[str, str]] = set()
    while waiting:
        asker, wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        if name not in have:
            problems.append(f"{asker} requires {wanted}, which is not in the lock")
            continue
        if not wanted.specifier.contains(have[name].version, prereleases=True):
            problems.append(f"{asker} requires {wanted}, the lock has {have[name].version}")
        for each in ("", *wanted.extras):
            if (name, each) not in seen and name not in uninstalled:
                seen.add((name, each))
                waiting += [(name, needed, each) for needed in installed_metadata(name)]
    return sorted(set(problems))
