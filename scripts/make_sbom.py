"""Writes what an installation of bulkcall consists of, as CycloneDX JSON: `make sbom`.

    python scripts/make_sbom.py [--lock requirements/run.lock] [--out dist/bulkcall.cdx.json]

Made from the lock alone, without network, and the same for the same lock: names, versions, package
URLs and markers; licences and who needs whom, as the installed packages say it of themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
import uuid
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bulkcall
from scripts.locks import installed_metadata, read_lock

if TYPE_CHECKING:
    from scripts.locks import Locked

ROOT = Path(__file__).parents[1]


def sbom(lock: Path) -> dict[str, Any]:
    """Return the bill of materials of an installation from that lock."""
    entries = read_lock(lock)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    itself = {
        "type": "application",
        "bom-ref": _address("bulkcall", bulkcall.__version__),
        "name": "bulkcall",
        "version": bulkcall.__version__,
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
        "purl": _address("bulkcall", bulkcall.__version__),
        "properties": [{"name": "bulkcall:lock:sha256", "value": digest}],
    }
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    needs = {itself["bom-ref"]: _references([Requirement(each) for each in wanted], entries)}
    for each in entries:
        known = installed_metadata(each.name) if _distribution(each) else ()
        needs[_address(each.name, each.version)] = _references(known, entries)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest + itself["version"]).urn,
        "version": 1,
        "metadata": {"component": itself},
        "components": [_component(each) for each in entries],
        "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in needs.items()],
    }


def _address(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _component(locked: Locked) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _address(locked.name, locked.version),
        "name": locked.name,
        "version": locked.version,
        "purl": _address(locked.name, locked.version),
    }
    here = _distribution(locked)
    if here and (licence := here.metadata.get("License-Expression")):
        found["licenses"] = [{"expression": licence}]
    if locked.requirement.marker:
        found["properties"] = [{"name": "python:marker", "value": str(locked.requirement.marker)}]
    return found


def _distribution(locked: Locked) -> metadata.Distribution | None:
    """What is installed here of it, if it is."""
    return next(iter(metadata.distributions(name=locked.name)), None)


def _references(
    requirements: list[Requirement] | tuple[Requirement, ...], entries: list[Locked]
) -> list[str]:
    wanted = {
        canonicalize_name(each.name)
        for each in requirements
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }
    return sorted(_address(each.name, each.version) for each in entries if each.name in wanted)


def main() -> None:
    """Write the file, and say where it is."""
    parser = argparse.ArgumentParser(description="Write the bill of materials (CycloneDX JSON).")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements/run.lock")
    parser.add_argument("--out", type=Path, default=ROOT / "dist/bulkcall.cdx.json")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    found = sbom(options.lock)
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(found['components'])} packages")


if __name__ == "__main__":
    main()
