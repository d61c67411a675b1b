"""Putting a file away with its report, step by step, each of which may be the last."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from bulkcall import app
from bulkcall.inbox.layout import kept_name, move, moving
from bulkcall.inbox.names import is_campaign, marks_of
from bulkcall.support.atomic_files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.inbox.claims import Claim, Claims
    from bulkcall.inbox.layout import InboxLayout
    from bulkcall.settings import Settings

WHY = "why.txt"
"""Says beside a file why it is where it is."""


class Archive:
    """Moves a claimed file and its report to `done/` or `failed/`.

    In this order, so that the step at which a process was killed can be told and done again: the
    claim says where to; the file goes to its report; the ledger learns the place; the folder goes
    there in one rename; people are told; the claim goes. So they may be told twice, never not at
    all.
    """

    def __init__(self, places: InboxLayout, claims: Claims, settings: Settings) -> None:
        self._places = places
        self._claims = claims
        self._settings = settings

    def home(self, claim: Claim) -> Path:
        """Give the folder that holds the report until the run is over."""
        return self._places.working / claim.run_id

    def prepare(self, claim: Claim) -> None:
        """Make that folder where it is missing. Raises StoppedError."""
        with moving(self.home(claim)):
            self.home(claim).mkdir(mode=0o700, exist_ok=True)

    def clear(self, claim: Claim) -> None:
        """Take that folder away, with the report of a run that has sent nothing."""
        shutil.rmtree(self.home(claim), ignore_errors=True)

    def place(self, claim: Claim) -> Path:
        """Give the folder that a decided claim goes to."""
        return (self._places.done if claim.fate == "done" else self._places.failed) / claim.run_id

    def stow(self, claim: Claim, *, known: bool) -> Path:
        """Put a claim's file away as its `fate` says; gives where. The claim stays.

        Raises StoppedError where something can't be put there.
        `known` tells whether the ledger has a run of its id.
        """
        self._claims.put(claim)
        home, place = self.home(claim), self.place(claim)
        if home.exists() or not place.exists():
            self.prepare(claim)
            place = _free(place)
            self._bring(claim, home)
            if claim.why:
                with replacing(home / WHY) as file:
                    file.write(f"{claim.why}\n".encode())
            if known:
                with app.open_ledger(self._settings) as ledger:
                    ledger.relocate(
                        claim.run_id,
                        file=str(place / kept_name(claim.name)),
                        out_dir=str(place),
                    )
            move(home, place)
        return place

    def _bring(self, claim: Claim, home: Path) -> None:
        source, target = self._places.inbox / claim.name, home / kept_name(claim.name)
        if target.exists() or not claim.is_file(source):
            return  # a process before this one did so, or somebody put another file in its place
        # The marks go first: one that was left behind would call the next file of this name whole.
        for mark in marks_of(claim.name):
            if (self._places.inbox / mark).is_file() and not self._is_needed(mark, claim.name):
                move(self._places.inbox / mark, home / mark)
        move(source, target)
        if not claim.is_file(target):  # somebody did so in this very moment
            move(target, source)

    def _is_needed(self, mark: str, name: str) -> bool:
        """Tell whether a mark speaks for another file than this one."""
        return any(
            mark in marks_of(path.name)
            for path in self._places.inbox.iterdir()
            if path.name != name and is_campaign(path.name) and path.is_file()
        )


def decided(claim: Claim, fate: str, why: str = "") -> Claim:
    """Give the claim with what is decided about it."""
    return replace(claim, fate=fate, why=why)


def _free(place: Path) -> Path:
    """Give the place, or one beside it where an earlier round of the same run left something."""
    number = 1
    found = place
    while found.exists():
        number += 1
        found = place.with_name(f"{place.name}-{number}")
    return found
