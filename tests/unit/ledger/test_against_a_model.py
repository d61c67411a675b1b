"""The ledger against a model of its promises: rows as lists of tries, each with its fate.

The model knows nothing of states. It keeps for each row what became of each try, and from that
alone says which outcome word the row must have and how many attempts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bulkcall.errors import LedgerError
from bulkcall.ledger import (
    Answered,
    BatchAccepted,
    BatchSplit,
    Confirmed,
    Doubtful,
    Expired,
    GivenBack,
    Ledger,
    Refused,
    TurnedAway,
)
from bulkcall.records import Match, RowState
from tests.ledger_parts import NOW, loaded, outcome_rows, take_batch, valid

ROWS = 8


@dataclass
class Row:
    """What became of one row, told by its tries."""

    ends_at: int
    tries: list[str] = field(default_factory=list)
    """out, maybe, split, accepted; a try that was not taken is removed."""
    word: str = ""
    """The word that ended it."""
    held: bool = False
    listed: str = ""
    """What batch status said last: missing or nothing."""

    @property
    def out(self) -> bool:
        """It is going out."""
        return "out" in self.tries

    @property
    def doubt(self) -> bool:
        """A try may have been taken and nothing has settled it."""
        return "maybe" in self.tries and not self.word

    @property
    def waits(self) -> bool:
        """It waits for its turn."""
        return not (self.word or self.out or self.held or "accepted" in self.tries)

    @property
    def outcome(self) -> str:
        """The word it must have in a report."""
        if self.word:
            return self.word
        if self.out:
            return "unknown"
        if "accepted" in self.tries:
            return self.listed or "pending"
        return "unknown" if "maybe" in self.tries else "unsent"


class LedgerMachine(RuleBasedStateMachine):
    """Takes rows, lets everything happen to them, and looks whether ledger and model agree."""

    @initialize(lives=st.lists(st.integers(1, 30), min_size=ROWS, max_size=ROWS))
    def begin(self, lives):
        """Load a few rows that end at different times."""
        self.now = NOW
        self.ledger = Ledger.open(":memory:")
        self.rows = {n: Row(NOW + life) for n, life in enumerate(lives, 1)}
        loaded(
            self.ledger, "run-1", [valid(n, ends_at=row.ends_at) for n, row in self.rows.items()]
        )
        self.batches: dict[int, list[int]] = {}

    def teardown(self):
        """Close the ledger."""
        if hasattr(self, "ledger"):
            self.ledger.close()

    def waiting(self):
        """Give the rows whose turn may come, in their order."""
        return [n for n, row in self.rows.items() if row.waits and row.ends_at > self.now]

    def out_alone(self):
        """Give the rows that are out in a request of their own."""
        in_batches = {n for rows in self.batches.values() for n in rows}
        return [n for n, row in self.rows.items() if row.out and n not in in_batches]

    def replace_out(self, rows, fate):
        """Note what became of the try that is out."""
        for n in rows:
            self.rows[n].tries.remove("out")
            if fate:
                self.rows[n].tries.append(fate)

    @rule(limit=st.integers(1, 3), doubt=st.booleans())
    def take(self, limit, doubt):
        """Rows are taken in order, each once."""
        expected = [n for n in self.waiting() if doubt or not self.rows[n].doubt][:limit]
        taken = self.ledger.take_realtime("run-1", limit, now=self.now, with_doubt=doubt)
        assert [row.row for row in taken] == expected
        for row in taken:
            assert row.attempts == len(self.rows[row.row].tries)
            self.rows[row.row].tries.append("out")

    @precondition(lambda self: self.waiting())
    @rule(limit=st.integers(1, 4))
    def take_a_batch(self, limit):
        """Rows are taken for a batch."""
        expected = self.waiting()[:limit]
        batch, rows = take_batch(self.ledger, "run-1", limit, self.now)
        assert [row.row for row in rows] == expected
        for n in expected:
            self.rows[n].tries.append("out")
        self.batches[batch] = expected

    @precondition(lambda self: self.out_alone() or self.batches)
    @rule(data=st.data(), kind=st.sampled_from(["back", "away", "final", "maybe", "hold"]))
    def something_happens(self, data, kind):
        """A request is given back, turned away or left in doubt."""
        if self.batches and (not self.out_alone() or data.draw(st.booleans())):
            rows = self.batches.pop(data.draw(st.sampled_from(sorted(self.batches))))
        else:
            rows = [data.draw(st.sampled_from(self.out_alone()))]
        event = {
            "back": GivenBack(rows),
            "away": TurnedAway(rows, self.now, 503, "away"),
            "final": TurnedAway(rows, self.now, 503, "away", final=True),
            "maybe": Doubtful(rows, self.now, 500, "oops", again=True),
            "hold": Doubtful(rows, self.now, None, "no answer", again=False),
        }[kind]
        self.ledger.record("run-1", [event])
        self.replace_out(rows, "maybe" if kind in ("maybe", "hold") else "")
        for n in rows:
            if kind == "hold":
                self.rows[n].held = True
            if kind == "final":
                self.rows[n].held = self.rows[n].doubt
                self.rows[n].word = "" if self.rows[n].doubt else "failed"

    @precondition(lambda self: self.out_alone())
    @rule(data=st.data(), kind=st.sampled_from(["success", "error", "refused"]))
    def is_answered(self, data, kind):
        """A real-time call is answered."""
        n = data.draw(st.sampled_from(self.out_alone()))
        answers = {
            "success": Answered(n, self.now, True, 200),
            "error": Answered(n, self.now, False, 200, "no"),
            "refused": Refused(n, self.now, 400, "no"),
        }
        self.ledger.record("run-1", [answers[kind]])
        self.replace_out([n], "answered")
        self.rows[n].word = kind

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), accepted=st.booleans())
    def batch_is_answered(self, data, accepted):
        """A batch is accepted, or refused as a whole."""
        batch = data.draw(st.sampled_from(sorted(self.batches)))
        rows = self.batches.pop(batch)
        yes = BatchAccepted(batch, f"B-{batch}", self.now, 200)
        self.ledger.record("run-1", [yes if accepted else BatchSplit(batch, self.now, 400, "no")])
        self.replace_out(rows, "accepted" if accepted else "split")

    @precondition(lambda self: any("accepted" in row.tries for row in self.rows.values()))
    @rule(data=st.data(), word=st.sampled_from(["success", "error", "missing", "pending"]))
    def is_confirmed(self, data, word):
        """Batch status says something of a row, in any order, also again."""
        listed = [n for n, row in self.rows.items() if "accepted" in row.tries]
        n = data.draw(st.sampled_from(listed))
        states = {
            "success": RowState.SUCCESS,
            "error": RowState.ERROR,
            "missing": RowState.MISSING,
            "pending": RowState.ACCEPTED,
        }
        self.ledger.record("run-1", [Confirmed(n, self.now, states[word], Match.NUMBER)])
        row = self.rows[n]
        if word in ("success", "error"):
            row.word = "success" if "success" in (word, row.word) else "error"
        else:
            row.listed = word

    @rule(by=st.integers(1, 15))
    def time_passes(self, by):
        """Waiting rows expire, or are held where one of their tries is in doubt."""
        self.now += by
        ended = [n for n, row in self.rows.items() if row.waits and row.ends_at <= self.now]
        assert self.ledger.expire("run-1", self.now) == len(ended)
        for n in ended:
            self.rows[n].held = self.rows[n].doubt
            self.rows[n].word = "" if self.rows[n].doubt else "expired"

    @rule()
    def crashes(self):
        """All that was out is in doubt."""
        out = [n for n, row in self.rows.items() if row.out]
        assert self.ledger.recover("run-1", at=self.now) == len(out)
        self.replace_out(out, "maybe")
        self.batches.clear()

    @precondition(lambda self: any(not row.out for row in self.rows.values()))
    @rule(data=st.data())
    def the_impossible_is_refused(self, data):
        """An event that a row's state does not allow changes nothing."""
        n = data.draw(st.sampled_from([n for n, row in self.rows.items() if not row.out]))
        impossible = [
            GivenBack([n]),
            Answered(n, self.now, True, 200),
            Refused(n, self.now, 400, ""),
        ]
        if not self.rows[n].waits:
            impossible.append(Expired([n], self.now))
        with pytest.raises(LedgerError):
            self.ledger.record("run-1", [data.draw(st.sampled_from(impossible))], requests=1)

    @invariant()
    def agree(self):
        """Ledger and model say the same of every row, and the counts add up."""
        if not hasattr(self, "ledger"):
            return
        stands = outcome_rows(self.ledger, "run-1")
        for n, row in self.rows.items():
            assert stands[n]["outcome"] == row.outcome, (n, row)
            assert stands[n]["attempts"] == len(row.tries), (n, row)
            assert (stands[n]["sent_at"] is None) == (not row.tries), (n, row)
        counts = self.ledger.counts("run-1")
        assert sum(counts.values()) == ROWS
        for word, count in counts.items():
            assert count == sum(row.outcome == word for row in self.rows.values())
        waits = sum(row.waits for row in self.rows.values())
        assert self.ledger.waiting("run-1", with_doubt=True) == waits
        assert self.ledger.run("run-1").requests == 0


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase
