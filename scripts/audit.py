"""Holds every locked package against the known advisories: `make audit`.

    python scripts/audit.py PIP-AUDIT LOCK … [--required]

PIP-AUDIT is the program, in an environment of its own. Exit status 1 where a package has a known
advisory, or some packages could not be looked up though others could; 0 where all were looked up
and have none. Where nothing could be looked up, the database is out of reach: that is said, and
the status is 0, or 1 with --required.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from scripts.locks import read_lock


def requirement_files(locks: list[Path], folder: Path) -> list[Path]:
    """Write what the locks pin as plain files: no markers, and each name once in a file.

    pip-audit passes over what is for another Python, and refuses two versions of one package.
    """
    pins: dict[str, set[str]] = {}
    for each in (each for lock in locks for each in read_lock(lock)):
        pins.setdefault(each.name, set()).add(each.version)
    files = []
    while pins:
        taken = [f"{name}=={versions.pop()}\n" for name, versions in sorted(pins.items())]
        files.append(folder / f"pins-{len(files)}.txt")
        files[-1].write_text("".join(taken), encoding="utf-8")
        pins = {name: versions for name, versions in pins.items() if versions}
    return files


def looked_up(program: str, file: Path) -> list[dict[str, Any]]:
    """Return what pip-audit found about each package of a file; nothing where it got nowhere."""
    report = file.with_suffix(".json")
    command = [program, "-r", str(file), "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    command += ["--format", "json", "--output", str(report)]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # noqa: S603 - our own program
    if not report.exists() or not report.stat().st_size:
        return []
    found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    return found


def verdict(found: list[dict[str, Any]], wanted: int, *, required: bool) -> tuple[int, list[str]]:
    """Return the exit status, and the lines that say why."""
    known = [each for each in found if "vulns" in each]
    lines = [
        f"{each['name']} {each['version']}: {advisory['id']}"
        f" (fixed in {', '.join(advisory['fix_versions']) or 'no version yet'})"
        for each in known
        for advisory in each["vulns"]
    ]
    if lines:
        return 1, [*lines, "take the fixed versions: make lock LOCK=--upgrade"]
    if not known:
        return int(required), [
            (
                f"NOT AUDITED: no advisories can be looked up from here; {wanted} packages were not"
                " checked. Run `make audit` where the package index can be reached."
            )
        ]
    if len(known) < wanted:
        return 1, [f"{wanted - len(known)} of {wanted} packages could not be looked up"]
    return 0, [f"{wanted} packages, no known advisory"]


def main() -> int:
    """Look everything up, and say what came of it."""
    parser = argparse.ArgumentParser(description="Hold the locks against known advisories.")
    parser.add_argument("program")
    parser.add_argument("locks", nargs="+", type=Path)
    parser.add_argument("--required", action="store_true", help="fail where nothing is found out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = requirement_files(options.locks, Path(folder))
        wanted = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
        found = [each for file in files for each in looked_up(options.program, file)]
    status, lines = verdict(found, wanted, required=options.required)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
