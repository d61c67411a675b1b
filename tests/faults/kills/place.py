"""A folder with a campaign in it, and what a user does there: run, resume, and be killed."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter

from tests.faults.kills.judge import Judge
from tests.faults.kills.points import ENVIRONMENT, NAPPING
from tests.faults.kills.secrets_on_disk import TOKEN, in_clear

CALLER = "911140000000"


class Campaign:
    """Rows whose outcome is known: most succeed, a few of each kind do not."""

    columns = ("caller", "receiver", "label", "note")

    def __init__(self, size):
        self.rows = []
        self.expected = []
        for number in range(size):
            self._add(f"98765{number // 2:04d}{number % 2 + 1}", "success")
        # Not in one place, so that they fall into different batches.
        for place, receiver, outcome in (
            (size // 9, "9876599901", "error"),
            (size // 4, "9876499904", "error"),
            (size // 3, "9876599908", "refused"),
            (size // 2, "98765", "invalid"),
            (size * 2 // 3, "9876599912", "success"),
        ):
            self._add(receiver, outcome, place)
        self._add(self.rows[2][1], "duplicate")

    def _add(self, receiver, outcome, place=None):
        place = len(self.rows) if place is None else place
        self.rows.insert(place, (CALLER, receiver, "Parcel team", "a note, 'quoted'"))
        self.expected.insert(place, outcome)

    def write(self, path):
        """Write the campaign file."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(self.rows)


class Place:
    """One campaign and its ledger."""

    def __init__(self, folder, nursery, sandbox, journal, figures):
        self.home = folder
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        self.out = self.work / "o"
        self.ledger = folder / "ledger.db"
        self.sandbox = sandbox
        self.kills = Counter()
        self.ends = 0
        self.journal = journal
        self._figures = figures
        self._nursery = nursery
        self.environ = {
            "PATH": os.environ["PATH"],
            **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(folder)),
            "BULKCALL_BASE_URL": sandbox.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": sandbox.client_account_id,
            "BULKCALL_TOKEN": TOKEN,
            "BULKCALL_LEDGER": str(self.ledger),
            "BULKCALL_REALTIME_PER_SECOND": "1000",
            "BULKCALL_BATCH_PER_MINUTE": "6000",
            "BULKCALL_STATUS_PER_MINUTE": "6000",
            "BULKCALL_BATCH_SIZE": "15",
            "BULKCALL_RECONCILE_TIMEOUT": "20",
        }
        self.write(60)

    def use_keys(self, tokens=1):
        """Have tokens created with a key pair, and kept, in place of one that is ready."""
        del self.environ["BULKCALL_TOKEN"]
        self.environ |= self.sandbox.environment() | {"BULKCALL_TOKENS": str(tokens)}

    def kept(self):
        """Give the files in which a token is kept."""
        folder = self.home / "bulkcall" / "tokens"
        return [path for path in folder.glob("*.token") if path.stat().st_size]

    def write(self, size):
        """Write a campaign file, in the place of what there is."""
        self.campaign = Campaign(size)
        self.campaign.write(self.work / "campaign.csv")
        self._judge = Judge(self.sandbox, self.journal, self.campaign)

    def start(self, *arguments, at="", **environ):
        """Start a command; `at` says what is to happen to it where (points.py)."""
        environ = self.environ | environ | ({ENVIRONMENT: at} if at else {})
        return self._nursery.start(arguments, folder=self.work, environ=environ)

    def run(self, *arguments, at="", **environ):
        """Run a command to its end, however it comes."""
        process = self.start(*arguments, at=at, **environ)
        process.wait()
        assert "Traceback" not in process.err, process.err
        return process

    def begin(self, channel, *flags):
        """Give the arguments of a run of the campaign."""
        times = ("--start", "now", "--window", "8h")
        return ("run", "campaign.csv", *times, "--channel", channel, "--out", "o", "--json", *flags)

    def napping(self, process):
        """Wait until a process has met its `nap`; gives the file to take away to wake it."""
        told = self.home / NAPPING
        assert process.wait_for(told.exists), process.err
        return told

    def killed(self, process, where):
        """Note whether the process was killed; gives whether it was."""
        status = process.wait()
        assert status in (-9, 0, 3), (status, process.err)
        if status == -9:
            self.kills[where] += 1
        return status == -9

    def to_the_end(self, channel):
        """Resume without further trouble, where there is something to resume; the last process."""
        process = self.run("resume", "--json")
        if process.status == 2:
            # Nothing to resume: it was killed before the run was written down, or after its end.
            assert "no stopped run" in process.err, process.err
            process = (
                self.run("report", "--json")
                if self.run("status", "--json").status == 0
                else self.run(*self.begin(channel))
            )
        assert process.status == 3, process.err
        assert json.loads(process.out)["conserved"]
        return process

    def found(self):
        """Compare the report with the server's journal, and look for secrets on the disk."""
        found = self._judge.look(self.out, self.kills, self.ends)
        found.in_clear = len(in_clear(self.home))
        return found

    def judged(self):
        """Compare them at the end, check that what must hold at any time holds, and count it."""
        found = self.found()
        assert not found.broken, (found, self.out)
        self._figures.add(found)
        return found

    def judged_midway(self):
        """The same, where the campaign file may not have been loaded whole yet."""
        broken = self.found().broken
        rows = json.loads((self.out / "summary.json").read_text())["rows"]
        if rows < len(self.campaign.rows):
            broken.pop("lost", None)
            broken.pop("not_conserved", None)
        assert not broken, (broken, self.out)

    def ended_well(self, channel):
        """Take the campaign to its end and check that each row ended as it should; the figures."""
        self.to_the_end(channel)
        found = self.judged()
        outcomes = [row["outcome"] for row in self.outcomes()]
        assert outcomes == self.campaign.expected
        return found

    def entries(self):
        """Every request that the server got in this campaign."""
        return self._judge.entries()

    def posts(self):
        """Count the requests that carried records."""
        return sum(bool(entry.records) for entry in self.entries())

    def outcomes(self, folder=None):
        """Read outcomes.csv."""
        return self._judge.outcomes(folder or self.out)
