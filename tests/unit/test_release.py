"""What goes with a release: the bill of materials, and the audit of what is locked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.audit import requirement_files, verdict
from scripts.locks import read_lock
from scripts.make_sbom import sbom

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
SKIPPED = {"name": "idna", "skip_reason": "not found"}
ADVISORY = {"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": [], "description": ""}
HIT = {"name": "idna", "version": "3.6", "vulns": [ADVISORY]}


def test_the_bill_of_materials_is_the_lock():
    """Each entry of the lock is a component at its version, and no other; the same each time."""
    lock = REQUIREMENTS / "run.lock"
    made = sbom(lock)
    assert made["specVersion"] == "1.6"
    assert [(each["name"], each["version"]) for each in made["components"]] == [
        (each.name, each.version) for each in read_lock(lock)
    ]
    assert json.dumps(made) == json.dumps(sbom(lock))


def test_the_bill_of_materials_says_who_needs_whom():
    """Every reference leads to a component, and every component is reached from bulkcall."""
    made = sbom(REQUIREMENTS / "run.lock")
    needs = {each["ref"]: each["dependsOn"] for each in made["dependencies"]}
    components = {each["bom-ref"] for each in made["components"]}
    top = made["metadata"]["component"]["bom-ref"]
    assert set(needs) == components | {top}
    reached, waiting = set(), [top]
    while waiting:
        ref = waiting.pop()
        reached.add(ref)
        waiting += [each for each in needs[ref] if each not in reached]
    elsewhere = {each["bom-ref"] for each in made["components"] if "properties" in each}
    assert components - reached <= elsewhere


def test_every_version_in_the_locks_is_audited(tmp_path):
    """Whatever its marker, each pinned version is looked up, and none stands twice in a file."""
    locks = sorted(REQUIREMENTS.glob("*.lock"))
    files = [file.read_text().split() for file in requirement_files(locks, tmp_path)]
    assert {pin for pins in files for pin in pins} == {
        f"{each.name}=={each.version}" for lock in locks for each in read_lock(lock)
    }
    for pins in files:
        names = [pin.partition("==")[0] for pin in pins]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("found", "required", "status", "said"),
    [
        ([CLEAN, CLEAN], False, 0, "2 packages, no known advisory"),
        ([CLEAN, HIT], False, 1, "idna 3.6: PYSEC-2024-60 (fixed in 3.7)"),
        ([SKIPPED, HIT], False, 1, "idna 3.6: PYSEC-2024-60 (fixed in 3.7)"),
        ([CLEAN, SKIPPED], False, 1, "1 of 2 packages could not be looked up"),
        ([SKIPPED, SKIPPED], False, 0, "NOT AUDITED: "),
        ([], False, 0, "NOT AUDITED: "),
        ([], True, 1, "NOT AUDITED: "),
    ],
)
def test_an_audit_fails_unless_all_was_looked_up(found, required, status, said):
    """An advisory fails it, so does a half audit; where nothing was looked up it says so."""
    ended, lines = verdict(found, 2, required=required)
    assert ended == status
    assert lines[0].startswith(said)
