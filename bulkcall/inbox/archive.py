"""Putting a file away with its report, step by step, each of which may be the last."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from bulkcall import app
from bulkcall.inbox.layout import kept_name, moving
from bulkcall.inbox.names import is_campaign, marks_of
from bulkcall.support.atomic_files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.inbox.claims import Claim, Claims
    from bulkcall.inbox.folder import Folder
    from bulkcall.inbox.layout import InboxLayout
    from bulkcall.settings import Settings

WHY = "why.txt"
"""Says beside a file why it is where it is."""


class Archive:
    """Moves a claimed file and its report to `done/` or `failed/`.

    In this order, so that the step at which a process was killed can be told and done again: the
    claim says where to; the file goes to its report; the ledger learns the place; the folder goes
    there at once; people are told; the claim goes. So they may be told twice, never not at all.
    """

    def __init__(self, layout: InboxLayout, claims: Claims, settings: Settings) -> None:
        self._layout = layout
        self._claims = claims
        self._settings = settings

    def home(self, claim: Claim) -> Path:
        """Return the folder that holds the report until the run is over."""
        return self._layout.working.path / claim.run_id

    def prepare(self, claim: Claim) -> None:
        """Make that folder where it is missing. Raises ArchiveError where it is not ours."""
        with moving(self.home(claim)):
            self._layout.working.make(claim.run_id)
            if not self._is_ours(self._layout.working, claim.run_id):
                raise PermissionError(0, "it belongs to another user")

    def clear(self, claim: Claim) -> None:
        """Remove that folder, with the report of a run that has sent nothing."""
        with moving(self.home(claim)):
            if self._is_ours(self._layout.working, claim.run_id):
                self._layout.working.remove(claim.run_id)

    def place(self, claim: Claim) -> Path:
        """Return the folder that a decided claim goes to."""
        return self._target(claim).path / (claim.place or claim.run_id)

    def is_put_away(self, claim: Claim) -> bool:
        """Return whether an earlier process moved the folder to its place."""
        return bool(claim.place) and self._is_ours(self._target(claim), claim.place)

    def put_away(self, claim: Claim, *, known: bool) -> Path:
        """Put a claim's file away as its `fate` says; returns where. The claim stays.

        `known` tells whether the ledger has a run of its id. Raises ArchiveError, DiskFullError.
        """
        if not claim.place:
            claim = replace(claim, place=_free_name(self._target(claim), claim.run_id))
        self._claims.put(claim)
        place = self.place(claim)
        if not self.is_put_away(claim):
            self.prepare(claim)
            self._bring(claim)
            if claim.why:
                with replacing(self.home(claim) / WHY) as file:
                    file.write(f"{claim.why}\n".encode())
            if known:
                with app.open_ledger(self._settings) as ledger:
                    ledger.relocate(
                        claim.run_id,
                        file=str(place / kept_name(claim.name)),
                        out_dir=str(place),
                    )
            with moving(place):
                self._layout.working.move(claim.run_id, self._target(claim), claim.place)
        else:
            self.clear(claim)  # where it was copied, the process died before this
        return place

    def _is_ours(self, folder: Folder, name: str) -> bool:
        facts = folder.facts(name)
        return facts is not None and stat.S_ISDIR(facts.st_mode) and self._layout.trusts(facts)

    def _target(self, claim: Claim) -> Folder:
        return self._layout.failed if claim.fate == "failed" else self._layout.done

    def _bring(self, claim: Claim) -> None:
        drop, kept = self._layout.drop, kept_name(claim.name)
        with moving(self.home(claim) / kept), self._layout.working.child(claim.run_id) as home:
            if home.has(kept) or not claim.matches(drop, claim.name):
                return  # a process before this one did so, or somebody put another in its place
            # Marks go first: one that was left behind would call the next file of this name whole.
            for mark in marks_of(claim.name):
                if drop.is_file(mark) and not self._is_needed(mark, claim.name):
                    drop.move(mark, home, mark)
            drop.move(claim.name, home, kept)
            if not claim.matches(home, kept):  # somebody did so in this very moment
                home.move(kept, drop, claim.name)

    def _is_needed(self, mark: str, name: str) -> bool:
        """Return whether a mark speaks for another file than this one."""
        drop = self._layout.drop
        return any(
            mark in marks_of(each)
            for each in drop.names()
            if each != name and is_campaign(each) and drop.is_file(each)
        )


def decided(claim: Claim, fate: str, why: str = "") -> Claim:
    """Return the claim with what is decided about it."""
    return replace(claim, fate=fate, why=why)


def _free_name(folder: Folder, name: str) -> str:
    """Return the name, or one beside it where an earlier round of the same run left something."""
    number = 1
    found = name
    while folder.has(found):
        number += 1
        found = f"{name}-{number}"
    return found
