"""A real headless Chromium, started once for each question, with nowhere to go."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--metrics-recording-only",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # Whatever is asked for, no name is ever looked up and no other machine reached.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
)
_NOBODY = (None, "not an origin")


class Chromium:
    """One browser on this machine; each call starts it afresh on a new profile."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._started = 0

    def screenshot(self, page: Path, picture: Path, *, width: int, height: int, dark: bool) -> str:
        """Take a picture of the page; what the console said."""
        return self._run(
            page,
            f"--screenshot={picture}",
            f"--window-size={width},{height}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        ).stderr

    def printed(self, page: Path, pdf: Path) -> str:
        """Print the page; what the console said."""
        return self._run(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer").stderr

    def document(self, page: Path, *, width: int = 1280) -> str:
        """Give the document as it stands after its scripts have run."""
        return self._run(page, "--dump-dom", f"--window-size={width},900").stdout

    def requests(self, page: Path) -> set[str]:
        """Load the page and give every URL of the web that the page asked for.

        What the browser wants for itself (updates, the time) has no origin, and is not counted.
        """
        log = self._folder / f"net-{self._started}.json"
        self._run(page, "--dump-dom", f"--log-net-log={log}", "--net-log-capture-mode=Everything")
        events = json.loads(log.read_text(encoding="utf-8"))["events"]
        params = [event.get("params", {}) for event in events]
        urls = {each["url"] for each in params if each.get("initiator") not in _NOBODY}
        return {url for url in urls if re.match(r"(https?|wss?|ftp):", url)}

    def _run(self, page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
        self._started += 1
        profile = self._folder / f"profile-{self._started}"
        command = [self._program, *_QUIET, f"--user-data-dir={profile}", *flags, page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done


def find(folder: Path) -> Chromium:
    """Give the browser; skip where there is none, unless continuous integration asks."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        said = f"no Chromium on this machine (looked for {', '.join(NAMES)})"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    return Chromium(program, folder)


def console(stderr: str) -> list[str]:
    """Give what the page said on its console."""
    return [line for line in stderr.splitlines() if "CONSOLE" in line]
