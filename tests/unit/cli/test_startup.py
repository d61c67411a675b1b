"""The command line is quick to start."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("pandas", "httpx", "pandera", "pyarrow", "numpy", "sqlalchemy", "aiohttp")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"]])
def test_help_and_version_import_neither_pandas_nor_httpx(arguments):
    """Nothing heavy is loaded to say what the commands are."""
    code = (
        "import sys; from bulkcall.cli.main import run; status = run(sys.argv[1:]);"
        f"print([name for name in {_HEAVY!r} if name in sys.modules], file=sys.stderr);"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_checking_a_file_loads_no_http_client(tmp_path):
    """`validate` asks nobody, and does not pay for those who do."""
    file = tmp_path / "campaign.csv"
    file.write_text("caller,receiver,label\n911140000000,9876543210,Parcel team\n")
    code = (
        "import sys, bulkcall; bulkcall.validate(sys.argv[1], start='now', window='8h');"
        "print([name for name in ('httpx', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
