"""README and the guide, typed as they stand: every command, in order, with the pages' own files.

What the pages can't know is put in its place: the sandbox's address and keys, a run's id, and the
rows that a reader fills in.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
from pathlib import Path

import openpyxl
import pytest

from tests.contract.conftest import CALLER, receivers

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/guide/quick-start.md",
    "docs/guide/first-campaign.md",
    "docs/guide/fixing.md",
    "docs/guide/reading-a-report.md",
    "docs/guide/nightly.md",
    "docs/guide/account-ids.md",
    "docs/guide/windows.md",
)
OTHERS_RUN = {"demo", "sandbox"}
"""Commands that other tests run: they start a server of their own."""
RUN_ID = re.compile(r"\b\d{8}-\d{4,6}(?:-\w+)?\b")
OF_THE_NIGHT = re.compile(r"^(notify_\w+|metrics_file|not_\w+|quiet_\w+) = .*\n", re.MULTILINE)
"""Settings that would post to a chat, write elsewhere, or wait for the morning."""
FILLED = (
    (CALLER, receivers(1)[0], "Parcel team"),
    (CALLER, receivers(2)[1], "Parcel team"),
)


def steps(page):
    """What a page asks for, in order: ('csv' or 'toml', text) and ('bulkcall', words)."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for kind, body in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if kind in {"csv", "toml"}:
            yield kind, body
        elif kind in {"", "sh", "powershell"}:
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True) if line.startswith("bulkcall ") else []
                if words and words[1] not in OTHERS_RUN:
                    yield "bulkcall", words[1:]


def fill_in(path):
    """Do what the template asks for: replace its two example rows."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book["Campaign"]
        for place, row in enumerate(FILLED, 2):
            for column in range(1, sheet.max_column + 1):
                sheet.cell(place, column).value = None
            for column, cell in enumerate(row, 1):
                sheet.cell(place, column).value = cell
        book.save(path)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    out = io.StringIO()
    csv.writer(out).writerows([header, *[[*row, *[""] * (len(header) - 3)] for row in FILLED]])
    path.write_text(out.getvalue(), encoding="utf-8")


class Reader:
    """Somebody who follows a page."""

    def __init__(self, client):
        """Have an account with the sandbox, and files as earlier pages leave them."""
        self.client = client
        (client.folder / "inbox").mkdir()
        client.campaign(FILLED, name="campaign.csv")
        client.campaign([*FILLED, (CALLER, "98", "Parcel team")], name="first.csv")
        times = ("--start", "now", "--window", "8h")
        first = client.run("run", "first.csv", *times, "--out", "first", "--json").json
        client.write("rejected.csv", (client.folder / "first/rejected.csv").read_text())
        client.campaign(FILLED, name="March list.xlsx")
        (client.folder / "campaign.csv").rename(client.folder / "campaign.csv.saved")
        self.run_id = first["run_id"]

    def write(self, kind, body):
        """Write the file that a page shows."""
        if kind == "csv":
            self.client.write("campaign.csv", body)
            return
        home = Path(self.client.environ["HOME"])
        for name in ("key_id", "api_key"):
            file = home / ".config/bulkcall" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.client.environ[f"BULKCALL_{name.upper()}"])
            file.chmod(0o600)
        body = re.sub(
            r"^(notify_\w+|metrics_file|not_\w+|quiet_\w+) = .*\n", "", body, flags=re.MULTILINE
        )
        self.client.write("bulkcall.toml", body)

    def type(self, words):
        """Type a command; a template is filled in, a file that the page takes for granted made."""
        words = [RUN_ID.sub(self.run_id, word) for word in words]
        words = ["inbox" if word.startswith("/srv/") else word for word in words]
        for name in ("campaign.csv", "campaign.xlsx"):
            if name in words and words[0] != "template":
                self._make(name)
        ended = self.client.run(*words, timeout=180)
        if words[0] == "template":
            fill_in(self.client.folder / words[1])
        return ended

    def _make(self, name):
        path = self.client.folder / name
        if not path.exists():
            self.client.run("template", name)
            fill_in(path)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_works(page, client):
    """None ends in wrong usage (2) or an error (1); runs are confirmed or say why not."""
    reader = Reader(client)
    typed = 0
    for kind, what in steps(page):
        if kind == "bulkcall":
            ended = reader.type(what)
            # A row of rejected.csv that nobody has fixed is still invalid.
            assert ended.status in {0, 3}, (page, what, ended)
            typed += 1
        else:
            reader.write(kind, what)
    assert typed


def test_a_page_whose_command_fails_would_be_found_out(client):
    """The sequence that once failed: times in the file and on the command line."""
    reader = Reader(client)
    client.run("template", "campaign.csv", "--with-times")
    ended = reader.type(["validate", "campaign.csv", "--start", "now", "--window", "8h"])
    assert ended.status == 2
