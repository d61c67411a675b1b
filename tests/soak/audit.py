"""At the end of the month: every row that was ever dropped, held against the server's journal."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict

from tests.soak.producer import COLUMNS

POSTS = ("realtime", "batch_create")
TAKEN = {"success", "error", "pending", "missing", "unknown"}
"""What a record that the server took may be called."""


class Server:
    """What the server's own journal says."""

    def __init__(self, entries):
        self.took, self.heard, self.words = Counter(), Counter(), defaultdict(set)
        self.requests = 0
        self.shown = Counter()
        """Attempts that the reports show, of all files together: what was turned down in one file
        may go again in another."""
        for entry in entries:
            if entry.call not in POSTS:
                continue
            self.requests += 1
            for record in entry.records:
                number = record.receiver_number
                self.heard[number] += 1
                self.took[number] += entry.applied
                if entry.applied and entry.status == 200:
                    self.words[number].add(entry.batch_id)


def audit(world, producer, entries):
    """Give figures and a list of everything that is not as promised."""
    server, wrong = Server(entries), []
    reports, files, whys = _lying(world.folder)
    figures = Counter(requests=server.requests, applied=server.took.total())
    if set(reports) != set(producer.contents):
        missing, made_up = (
            set(producer.contents) - set(reports),
            set(reports) - {*producer.contents},
        )
        wrong.append(f"{len(missing)} contents without a report, {len(made_up)} never dropped")
    for sha256, rows in producer.contents.items():
        if len(reports[sha256]) != 1:
            wrong.append(f"{len(reports[sha256])} reports for {sha256[:8]}")
            continue
        [folder] = reports[sha256]
        figures["rows"] += len(rows)
        wrong += _rows(folder, rows, server, figures)
        if files[sha256] != producer.dropped[sha256]:
            wrong.append(f"{sha256[:8]}: {files[sha256]} of {producer.dropped[sha256]} put away")
    for sha256, name in producer.damaged.items():
        if files[sha256] != 1 or name not in whys:
            wrong.append(f"damaged {name} is not in failed/ once, with the reason")
    for number, took in server.took.items():
        figures["applied twice or more"] += took > 1
        if took > server.shown[number]:
            wrong.append(f"{number}: applied {took} times, {server.shown[number]} shown")
    strangers = set(server.took) - {f"91{row[1]}" for r in producer.contents.values() for row in r}
    wrong += [f"{len(strangers)} receivers were sent that nobody dropped"] if strangers else []
    left = [path.name for path in world.folder.iterdir() if path.is_file()]
    left += [path.name for path in (world.folder / "working").iterdir()]
    left += [path.name for path in world.state.glob("bulkcall/inboxes/*/*.json")]
    wrong += [f"left behind: {left}"] if left else []
    wrong += _told(world, figures)
    return figures, wrong


def _lying(folder):
    """Find what lies in done/ and failed/: reports by content, files by content, reasons."""
    reports, files, whys = defaultdict(list), Counter(), set()
    for place in [*(folder / "done").iterdir(), *(folder / "failed").iterdir()]:
        if (place / "summary.json").exists():
            summary = json.loads((place / "summary.json").read_text())
            reports[summary["sha256"]].append(place)
        for path in place.iterdir():
            files[hashlib.sha256(path.read_bytes()).hexdigest()] += path.suffix != ".done"
            if (place / "why.txt").exists() and place.parent.name == "failed":
                whys.add(path.name)
    return reports, files, whys


def _rows(folder, rows, server, figures):
    """Hold one report against the file and the journal."""
    wrong = []
    summary = json.loads((folder / "summary.json").read_text())
    with (folder / "outcomes.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    if not summary["conserved"] or summary["unexpected"]:
        wrong.append(f"{folder.name}: not conserved, or records are called unexpected")
    if [tuple(row[name] for name in COLUMNS) for row in found] != [tuple(row) for row in rows]:
        wrong.append(f"{folder.name}: its rows are not those that were dropped")
    for row in found:
        outcome, attempts, number = row["outcome"], int(row["attempts"]), f"91{row['receiver']}"
        figures[f"outcome {outcome}"] += 1
        if outcome in {"invalid", "duplicate"}:
            continue  # its number may be another row's
        took = server.took[number]
        figures["shown with more than one attempt"] += attempts > 1
        if outcome == "success" and row["batch_id"] not in server.words[number]:
            wrong.append(f"{number}: success without the server's word")
        if took and outcome not in TAKEN:
            wrong.append(f"{number}: taken by the server, called {outcome}")
        server.shown[number] += attempts
        if outcome == "unsent":
            wrong.append(f"{number}: unsent in the end")
    return wrong


def _told(world, figures):
    """Hold what people were told against what happened."""
    wrong, told = [], defaultdict(list)
    for message in world.messages:
        told[message["run_id"] or message["file"]].append(message)
    figures["notifications"] = len(world.messages)
    for place in (world.folder / "done").iterdir():
        if not (place / "summary.json").exists():
            continue
        summary = json.loads((place / "summary.json").read_text())
        last = (told[summary["run_id"]] or [{}])[-1]
        if last.get("outcomes") != summary["outcomes"]:
            wrong.append(f"{place.name}: people were not told how it ended")
        elif str(place) not in last["report"]:
            wrong.append(f"{place.name}: people were told that the report is {last['report']}")
    for place in (world.folder / "failed").iterdir():
        names = {path.name for path in place.iterdir()}
        if not names & set(told) and place.name not in told:
            wrong.append(f"{place.name}: nobody was told that it failed")
    known = {run["run_id"] for run in world.runs()}
    wrong += [
        f"told of {run}, which is none"
        for m in world.messages
        if (run := m["run_id"]) and run not in known
    ]
    return wrong
