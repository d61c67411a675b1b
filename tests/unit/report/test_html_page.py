"""report.html: what it says, what it hides, how big it gets, and that anyone can read it."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from bulkcall import __version__
from bulkcall.errors import StopCause
from bulkcall.ledger.model import RunState
from bulkcall.records import Outcome
from bulkcall.report import build_report
from bulkcall.report.chart_data import figures
from bulkcall.report.html import html_bytes
from tests.unit.report.campaign import HOSTILE, sample_ledger
from tests.unit.report.ledgers import START, FakeLedger, batch, result

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Tree(HTMLParser):
    """The page's tags, attributes and text, and whether it is well nested."""

    def __init__(self, text):
        """Read the text."""
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.text = []
        self._open = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an empty tag (SVG)."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Check the nesting."""
        assert self._open.pop() == tag

    def handle_data(self, data):
        """Note text."""
        if self._open and self._open[-1] != "style":
            self.text.append(data)

    def all(self, tag):
        """Attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text():
    """The sample page."""
    return html_bytes(build_report(sample_ledger(), "r", limit=500.0)).decode()


@pytest.fixture(scope="module")
def tree(text):
    """The sample page, parsed."""
    return Tree(text)


def test_one_file_without_script_or_address(text, tree):
    """Nothing is fetched and nothing runs; the page's own policy forbids both."""
    names = {name for name, _ in tree.tags}
    assert not names & {
        "script",
        "iframe",
        "img",
        "object",
        "embed",
        "form",
        "base",
        "foreignobject",
    }
    [policy] = [a["content"] for a in tree.all("meta") if "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    for _, attributes in tree.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not re.match(r"(https?:|//)", attributes.get("src") or attributes.get("href") or "")
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("cell", HOSTILE)
def test_hostile_cells_are_text(tree, cell):
    """Markup in a cell is shown as its characters; marks that turn the reading are named."""
    shown = "".join(tree.text)
    if cell.isprintable():
        assert cell[:30] in shown
    else:
        assert cell not in shown
    assert "\u202e" not in shown
    assert "\x00" not in shown


def test_numbers_are_masked_unless_asked_for():
    """No whole phone number stands in the page, not even inside a message."""
    told = "receiver 919810000001 (+91 98100-00001) was turned down"
    ledger = FakeLedger(["a"], [["x"]], [result("error", message=told)])
    report = build_report(ledger, "r")
    masked, whole = html_bytes(report).decode(), html_bytes(report, show_numbers=True).decode()
    for number in ("919810000001", "98100-00001", "918045000000"):
        assert number not in masked
    assert "91•••••••001" in masked
    assert "919810000001" in whole
    assert "918045000000" in whole


def test_a_screen_reader_finds_its_way(tree):
    """Language, title, one h1, headings in order, header cells with scope, pictures with words."""
    assert tree.all("html") == [{"lang": "en"}]
    levels = [int(name[1]) for name, _ in tree.tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert all(cell.get("scope") in {"row", "col"} for cell in tree.all("th"))
    for picture in tree.all("svg"):
        assert picture.get("aria-hidden") == "true" or (
            picture.get("role") == "img" and len(picture["aria-label"]) > 5
        )
    ids = [a["id"] for _, a in tree.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert tree.all("a")[0] == {"class": "skip", "href": "#main"}
    assert "main" in ids
    for _, attributes in tree.tags:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids


def luminance(colour):
    """WCAG relative luminance of #rrggbb or #rgb."""
    colour = colour.lstrip("#")
    if len(colour) == 3:
        colour = "".join(2 * each for each in colour)
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_contrast_is_enough_for_everyone(scheme):
    """Text has 4.5 to 1 on whatever it stands on, coloured pieces have 3 to 1 (WCAG AA)."""
    css = files("bulkcall.report").joinpath("templates", "report.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
    for ink in ("ink", "quiet", "blue"):
        for ground in ("page", "card"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ground in ("good-soft", "bad-soft", "warn-soft", "blue-soft"):
        assert contrast(colours["ink"], colours[ground]) >= 4.5, ground
    for piece in ("good", "bad", "warn", "blue", *(each.value for each in Outcome)):
        assert contrast(colours[piece], colours["card"]) >= 3, piece


def test_it_stays_small_whatever_the_run():
    """Thousands of reasons, labels, callers, hours, batches and a 1 MB text: under 2 MB."""
    rows = [
        result(
            "error",
            message=f"reason {chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} "
            + "y" * 200,
            dynamic_label_name=f"label {n} " + "z" * 200,
            caller_number=910000000000 + n,
            sent_at=START + n * 3_600_000,
        )
        for n in range(3_000)
    ]
    rows[0] = result("error", message="m" * 1_000_000, dynamic_label_name="n" * 1_000_000)
    batches = [batch(n) for n in range(5_000)]
    strangers = [{"id": str(n), "receiver_number": "9" * 1_000} for n in range(5_000)]
    ledger = FakeLedger(["a"], [["x"]] * len(rows), rows, batches=batches, unexpected=strangers)
    page = html_bytes(build_report(ledger, "r"))
    assert len(page) < 2_000_000
    Tree(page.decode())


def test_the_first_line_says_it_all():
    """All confirmed; some not; stopped; not conserved: each has its own line and colour."""
    good = build_report(FakeLedger(["a"], [["x"]] * 3, [result("success")] * 3), "r")
    assert good.verdict == "All 3 rows are confirmed."
    assert 'class="verdict good"' in html_bytes(good).decode()
    some = build_report(
        FakeLedger(["a"], [["x"]] * 3, [result("success")] * 2 + [result("invalid")]), "r"
    )
    assert some.verdict == "2 of 3 rows confirmed; 1 invalid; see rejected.csv."
    assert 'class="verdict mixed"' in html_bytes(some).decode()
    stopped = build_report(
        FakeLedger(["a"], [["x"]] * 2, [result("unsent")] * 2, reason="the server is away."), "r"
    )
    assert stopped.verdict == "Stopped: the server is away. 0 of 2 rows confirmed; 2 unsent."
    asked = FakeLedger(["a"], [["x"]], [result("unsent")], state=RunState.WITHHELD)
    assert build_report(asked, "r").verdict == (
        "Nothing sent: too many rows are invalid. 0 of 1 row confirmed; 1 unsent."
    )
    dry = FakeLedger(["a"], [["x"]], [result("unsent")], state=RunState.WITHHELD, dry_run=True)
    assert build_report(dry, "r").verdict == (
        "Dry run: nothing sent; 1 row would be sent. 0 of 1 row confirmed; 1 unsent."
    )
    signal = FakeLedger(
        ["a"],
        [["x"]] * 2,
        [result("success"), result("unsent")],
        reason="interrupted (SIGINT)",
        stop_cause=StopCause.SIGNAL,
    )
    assert build_report(signal, "r").verdict == "Interrupted. 1 of 2 rows confirmed; 1 unsent."
    repeats = build_report(FakeLedger(["a"], [["x"]] * 2, [result("duplicate")] * 2), "r")
    assert repeats.verdict == "All 2 rows are duplicates: nothing to send."
    assert 'class="verdict good"' in html_bytes(repeats).decode()
    once = [result("success")] * 2 + [result("duplicate")]
    again = build_report(FakeLedger(["a"], [["x"]] * 3, once), "r")
    assert again.verdict == "2 of 3 rows confirmed; 1 duplicate was not sent again."
    assert again.tone == "good"
    assert 'class="verdict mixed"' in html_bytes(build_report(asked, "r")).decode()
    nothing = FakeLedger(["a"], [], [], state=RunState.ABANDONED, reason="no rows")
    assert build_report(nothing, "r").verdict == "Stopped: no rows. No row was loaded."
    assert 'class="verdict bad"' in html_bytes(build_report(nothing, "r")).decode()
    lost = build_report(FakeLedger(["a"], [["x"]] * 2, [result("success")] * 2, rows=3), "r")
    assert lost.verdict == (
        "The rows do not add up: do not rely on these figures (2 rows written, 3 in the file)."
    )
    page = html_bytes(lost).decode()
    assert 'class="verdict bad"' in page
    assert "they do not add up" in page


def test_every_outcome_but_success_has_a_next_step(tree):
    """Nobody is left with a word and no idea what to do."""
    report = build_report(sample_ledger(), "r")
    from bulkcall.report.advice import next_steps

    told = {step.outcome: 0 for step in next_steps(report)}
    for step in next_steps(report):
        told[step.outcome] += step.rows
    assert told == {
        outcome: count
        for outcome, count in report.outcomes.items()
        if count and outcome is not Outcome.SUCCESS
    }


def test_the_header_says_when_with_which_version_and_leads_to_the_files(text):
    """Times are in the run's zone with its offset; the files beside the page are links."""
    facts = {"source": {"timezone": "Asia/Kolkata"}}
    ledger = FakeLedger(["a"], [["x"]], [result("invalid", starts_at=START, ends_at=START + 1)])
    ledger._run["file_facts"] = facts
    page = html_bytes(build_report(ledger, "r")).decode()
    assert "21 Nov 2025, 10:10:00 +05:30" in page
    assert "<dd>21 Nov 2025, 10:10 to 10:10 +05:30</dd>" in page
    assert f"<dd>bulkcall {__version__}</dd>" in page
    assert "21 Nov 2025, 04:40:00 UTC" in text
    for name in ("outcomes.csv", "rejected.csv", "report.xlsx", "summary.json"):
        assert f'<a href="{name}">' in page, name


def test_what_is_left_out_of_a_chart_is_its_longest_bar_nowhere(text):
    """'All others' and other reasons are said beside the chart, not drawn."""
    rows = [
        result("error", message=f"reason {chr(97 + n % 26)}", dynamic_label_name=f"label {n}")
        for n in range(60)
    ]
    report = build_report(FakeLedger(["a"], [["x"]] * 60, rows), "r")
    reasons, labels, *_ = figures(report, str, str)
    assert "more for 18 other reasons" in reasons["note"]
    assert "48 rows more under all others" in labels["note"]
    assert "all others" not in labels["svg"]
    assert ("all others", 0, 48) in labels["figures"]


def test_the_line_of_the_limit_is_drawn_only_where_it_is_true():
    """Within a part of the API's minute far more may be sent than a minute's average."""
    burst = [result("success", sent_at=START + n) for n in range(50)]
    ledger = FakeLedger(["a"], [["x"]] * 50, burst)
    short = figures(build_report(ledger, "r", limit=1.0), str, str)
    [rate] = [each for each in short if each["title"].startswith("Rows sent a second")]
    assert 'class="limit"' not in rate["svg"]
    assert rate["note"] == "The limit is 60 rows in any 60 seconds."
    spread = [result("success", sent_at=START + n * 600_000) for n in range(50)]
    ledger = FakeLedger(["a"], [["x"]] * 50, spread)
    [rate] = [
        each
        for each in figures(build_report(ledger, "r", limit=1.0), str, str)
        if each["title"].startswith("Rows sent a second")
    ]
    assert 'class="limit"' in rate["svg"]


def test_the_equation_holds_its_numbers(tree):
    """The proof names each count and their sum."""
    shown = " ".join("".join(tree.text).split())
    assert re.search(r"[\d,]+ success \+ [\d,]+ error .* = 5,000 counted", shown)
    assert "5,000 written to outcomes.csv" in shown
    assert "every row is accounted for, once." in shown
