"""The stopwatch: stages' times from what they tell, and nothing kept from the listener."""

from __future__ import annotations

from bulkcall.metrics import Stopwatch


class Listener:
    """Writes down all it hears."""

    def __init__(self):
        self.heard = []

    def begin(self, stage, total):
        """Hear."""
        self.heard.append(("begin", stage, total))

    def advance(self, stage, rows):
        """Hear."""
        self.heard.append(("advance", stage, rows))

    def end(self, stage):
        """Hear."""
        self.heard.append(("end", stage))

    def note(self, text):
        """Hear."""
        self.heard.append(("note", text))


class Hand:
    """A clock that a test moves."""

    def __init__(self):
        self.at = 0

    def __call__(self):
        """Tell the time."""
        return self.at


def test_stages_may_overlap_and_come_twice():
    """Send and reconcile run side by side; a canary makes send come twice."""
    now = Hand()
    watch = Stopwatch(now=now)
    for at, step in (
        (1, lambda: watch.begin("send", 5)),
        (2, lambda: watch.begin("reconcile", None)),
        (3, lambda: watch.advance("send", 5)),
        (4, lambda: watch.end("send")),
        (5, lambda: watch.begin("send", 9)),
        (6, lambda: watch.end("reconcile")),
        (8, lambda: watch.end("send")),
    ):
        now.at = at
        step()
    told = [(s.name, s.begun, s.ended, s.rows, s.through) for s in watch.stages()]
    assert told == [
        ("send", 1, 4, 5, True),
        ("reconcile", 2, 6, 0, True),
        ("send", 5, 8, 0, True),
    ]


def test_a_stage_that_was_cut_short_ends_when_it_is_asked_for():
    """An error in a stage leaves it open: it is told as not gone through."""
    now = Hand()
    watch = Stopwatch(now=now)
    watch.begin("load", None)
    now.at = 7
    (stage,) = watch.stages()
    assert (stage.ended, stage.through) == (7, False)


def test_the_listener_hears_everything():
    """The bars on the terminal don't notice that somebody takes the time."""
    listener = Listener()
    watch = Stopwatch(listener)
    watch.begin("load", 3)
    watch.advance("load", 3)
    watch.end("load")
    watch.note("a pause")
    watch.advance("never begun", 1)
    assert listener.heard == [
        ("begin", "load", 3),
        ("advance", "load", 3),
        ("end", "load"),
        ("note", "a pause"),
        ("advance", "never begun", 1),
    ]
