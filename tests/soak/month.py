"""The month itself: what is dropped each night, and what goes wrong."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.soak.audit import audit
from tests.soak.producer import Producer

if TYPE_CHECKING:
    from collections import Counter

WEATHER = (
    "status@{call},status=503,times=6",
    "status@{call},status=500,applied=1,times=2",
    "html@{call},status=502,times=2",
    "reset@{call},applied=1,times=2",
    "reset@{call},applied=0,times=3",
    "cut@{call},times=1",
    "hang@{call},seconds=3,applied=1,times=1",
    "limit@{call},seconds=1,times=2",
    "slow@{call},ms=300,times=20",
)
HABITS = (
    {"times": "sent"},
    {"times": "cut"},
    {"times": "rounded", "time_unit_ms": 60_000},
    {"times": "span"},
    {"times": "unrelated"},
    {"times": "absent"},
    {"times": "cut", "time_form": "iso", "start_shift_ms": 19_800_000, "end_shift_ms": 19_800_000},
    {"time_form": "seconds"},
)
"""What a server may do to times; each night of a changing server may bring another one."""
USUAL = {
    "times": "sent",
    "time_unit_ms": 1000,
    "time_form": "ms",
    "start_shift_ms": 0,
    "end_shift_ms": 0,
}
CALLS = {"realtime": "realtime", "batch": "batch_create"}


@dataclass
class Came:
    """What the month came to."""

    figures: Counter
    kinds: Counter
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Month:
    """Nights over one drop folder."""

    def __init__(self, world, *, nights, seed, scale, changing=False):
        """`changing`: the server changes its habits, shapes and version as the nights go by."""
        self._world = world
        self._rng = random.Random(seed)
        self._nights = nights
        self._scale = scale
        self._changing = changing
        self.producer = Producer(world.folder, self._rng)
        self._upload = None

    def live(self):
        """Live through it, then look at every row."""
        began = time.monotonic()
        for night in range(self._nights):
            self._drop(night)
            self._work(night)
        self._calm()
        figures, wrong = audit(self._world, self.producer, self._world.journal())
        figures.update(self._world.figures)
        figures["nights"] = self._nights
        seconds = time.monotonic() - began
        return Came(figures, self.producer.kinds, [*self._world.wrong, *wrong], seconds)

    def _size(self):
        return self._rng.randrange(30, 30 + self._scale)

    def _drop(self, night):
        """Put the night's files there: always one, mostly more, of all kinds in turn."""
        put, rows = self.producer, self.producer.rows
        put.put(f"night-{night:02d}.csv", rows(self._size()))
        kind = night % 8
        if kind == 1:
            put.put(f"unmarked-{night:02d}.csv", rows(self._size()), marked=False)
        if kind == 2:
            put.damage(f"broken-{night:02d}.{'xlsx' if night % 16 == 2 else 'csv'}")
        if kind == 3 and night > 3:
            put.again(f"again-{night:02d}.csv")
        if kind in {0, 4}:
            put.write_slowly(f"slow-{night:02d}.csv", rows(self._size()), 2.0)
        if kind == 5:
            put.put(f"book-{night:02d}.xlsx", rows(self._size()), kind="a workbook")
        if kind == 6 and self._upload is None:
            self._upload = put.begin_upload(f"late-{night:02d}.csv", rows(self._size()))
        elif self._upload is not None and self._rng.random() < 0.5:
            self._end_upload()
        if night % 10 == 7:
            put.put(f"huge-{night:02d}.csv.gz", rows(50 * self._scale), kind="a huge one")

    def _end_upload(self):
        if self._upload is not None:
            self.producer.end_upload(self._upload)
            self._upload = None

    def _work(self, night):
        """Make the night's rounds: some are killed or stopped, some meet bad weather."""
        world, rng = self._world, self._rng
        if self._changing:
            self._change()
        channel = "batch" if night % 3 else "realtime"
        flags = ["--channel", channel, "--order", rng.choice(["arrival", "deadline"])]
        trouble = rng.choice(["none", "weather", "weather", "away", "gone", "token"])
        if trouble == "weather":
            order = rng.choice(WEATHER).format(call=CALLS[channel])
            world.sandbox.order(order)
            world.figures["nights with faults"] += 1
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            world.round(*flags, seconds=rng.uniform(0.05, 2.5))
            if self._changing:  # in the middle of a run, which the next round takes up
                self._change()
        if rng.random() < 0.3:
            world.round(*flags, seconds=rng.uniform(0.3, 2.0), by=15)
        if trouble in {"away", "gone"}:
            world.sandbox.away(0.8 if trouble == "away" else 4.0)
            world.figures["outages"] += 1
        if trouble == "token":
            world.sandbox.revoke(world.token)
            world.figures["tokens revoked"] += 1
        found = world.round(*flags)
        if trouble == "token":
            world.new_token()
        if found and rng.random() < 0.5:  # what arrived late, after the night's first round
            self.producer.put(
                f"after-{night:02d}.csv", self.producer.rows(self._size()), kind="after the round"
            )
            world.round(*flags)
        world.fine_weather()
        self.producer.wait()

    def _change(self):
        """Let the server change its ways, and its version; the client's setting follows."""
        rng = self._rng
        self._world.sandbox.set(
            **USUAL | rng.choice(HABITS),
            masking=rng.choice(["none", "part", "all"]),
            shape=rng.choice(["documented", "camel", "flat", "old"]),
            batch_ids=rng.choice(["uuid", "opaque", "awkward"]),
        )
        self._world.set_version(rng.choice(["2", "3"]))
        self._world.figures["changes of the server"] += 1

    def _calm(self):
        """Let the last of it go out in good weather."""
        self._end_upload()
        self.producer.wait()
        for _ in range(6):
            found = self._world.round("--channel", "batch")
            if found and not found["files"] and not found["left"]:
                return
        self._world.wrong.append(f"no end of work: {found}")
