"""What bulkcall says of a campaign, held against what the server itself wrote down."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bulkcall.sandbox.process import applied, read_journal

POSTS = ("realtime", "batch_create")
TAKEN = {"success", "error", "pending", "missing", "unknown"}
"""What a record that the server applied may be called."""
PROMISES = (
    "lost",
    "unearned",
    "unaccounted",
    "unseen",
    "exaggerated",
    "not_conserved",
    "strangers",
    "over_the_cap",
    "in_clear",
)
"""The figures that have to be nothing."""


@dataclass
class Figures:
    """What was found in one campaign, or in many together."""

    kills: Counter = field(default_factory=Counter)
    """By where they came."""
    campaigns: int = 0
    rows: int = 0
    requests: int = 0
    applied: int = 0
    lost: int = 0
    """Rows of the campaign file that are not in outcomes.csv once, in their place and text."""
    unearned: int = 0
    """Rows called `success` without the server's word for them."""
    unaccounted: int = 0
    """Rows whose record the server applied, called something that says it was not."""
    twice: int = 0
    """Rows whose record the server applied more than once …"""
    unseen: int = 0
    """… and that are shown with fewer attempts than that."""
    exaggerated: int = 0
    """Rows shown with more attempts than there were requests and kills."""
    resent: int = 0
    """Rows shown with attempts above 1."""
    not_conserved: int = 0
    strangers: int = 0
    """Records called `unexpected`, though this run sent them."""
    tokens: int = 0
    """Tokens that the server created."""
    over_the_cap: int = 0
    """Token calls beyond those 10 in 30 minutes that the server allows."""
    in_clear: int = 0
    """Files on the disk that show a token or a key."""

    def add(self, other):
        """Add what was found in another campaign."""
        for name, value in vars(other).items():
            if name == "kills":
                self.kills.update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    @property
    def broken(self):
        """The promises that did not hold."""
        return {name: getattr(self, name) for name in PROMISES if getattr(self, name)}


class Judge:
    """Looks at one campaign; made before its first request."""

    def __init__(self, sandbox, journal, campaign):
        self._sandbox = sandbox
        self._journal = journal
        self._campaign = campaign
        self._before = len(read_journal(journal)) if journal.exists() else 0

    def entries(self):
        """Every request of this campaign, from the journal's file."""
        return read_journal(self._journal)[self._before :]

    def look(self, folder, kills, ends=0):
        """Compare row by row; `kills` says how often its process was killed, by where.

        `ends` counts what else ended it with rows in doubt.
        """
        everything = self.entries()
        entries = [entry for entry in everything if entry.call in POSTS]
        creations = [entry for entry in everything if entry.call == "token"]
        took = Counter()
        for record, times in applied(entries).items():
            took[record.receiver_number] += times
        heard = Counter(r.receiver_number for entry in entries for r in entry.records)
        words = self._words(entries)
        rows = self.outcomes(folder)
        summary = json.loads((folder / "summary.json").read_text())
        found = Figures(
            kills=Counter(kills),
            campaigns=1,
            rows=len(self._campaign.rows),
            requests=len(entries),
            applied=took.total(),
            not_conserved=int(not self._conserved(summary, rows)),
            strangers=len(summary["unexpected"]),
            tokens=sum(entry.status == 200 for entry in creations),
            over_the_cap=sum(entry.over or entry.status == 429 for entry in creations),
        )
        own = [tuple(row[name] for name in self._campaign.columns) for row in rows]
        found.lost = sum(
            mine != theirs for mine, theirs in zip(self._campaign.rows, own, strict=False)
        ) + abs(len(own) - len(self._campaign.rows))
        for row in rows:
            number = "91" + row["receiver"]
            outcome, attempts = row["outcome"], int(row["attempts"])
            if outcome in ("invalid", "duplicate"):
                continue  # its number may be another row's
            found.unearned += outcome == "success" and not words[number, row["batch_id"]]
            found.unaccounted += bool(took[number]) and outcome not in TAKEN
            found.twice += took[number] > 1
            found.unseen += took[number] > attempts
            found.exaggerated += attempts > heard[number] + sum(kills.values()) + ends
            found.resent += attempts > 1
        return found

    def outcomes(self, folder):
        """Read outcomes.csv."""
        with (folder / "outcomes.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _conserved(self, summary, rows):
        counted = Counter(row["outcome"] for row in rows)
        return (
            summary["conserved"]
            and summary["rows"] == len(rows) == len(self._campaign.rows)
            and {k: v for k, v in summary["outcomes"].items() if v} == counted
            and [int(row["row"]) for row in rows] == list(range(1, len(rows) + 1))
        )

    def _words(self, entries):
        """(receiver, batch id or nothing) → whether the server said success there."""
        words = defaultdict(bool)
        for entry in entries:
            if entry.call == "realtime" and entry.word == "success" and entry.status == 200:
                words[entry.records[0].receiver_number, ""] = True
        for batch in self._sandbox.batches():
            for each in batch["records"]:
                if each["status"] == "success" and each["sent"] and each["listed"]:
                    words[each["record"]["receiver_number"], batch["batch_id"]] = True
        return words
