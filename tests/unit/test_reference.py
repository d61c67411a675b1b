"""The reference is made from the code, and does not drift from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_code_says():
    """Each page that is made from the code is as scripts/make_reference.py writes it.

    In a process of its own: click remembers the help option that a command was first asked with.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/make_reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
