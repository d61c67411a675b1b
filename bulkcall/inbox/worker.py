"""One file from its claim to its place: begun, resumed, or found to be done already."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bulkcall import app
from bulkcall.errors import (
    BulkcallError,
    CampaignFileError,
    ExitStatus,
    InterruptedRun,
    RunHeldError,
    SettingsError,
    StopCause,
    StoppedError,
    TurnedDownError,
    UsageError,
)
from bulkcall.inbox.archive import Archive, decided
from bulkcall.inbox.claims import Claim
from bulkcall.inbox.history import History
from bulkcall.inbox.incoming import Signature
from bulkcall.inbox.layout import ArchiveError
from bulkcall.inbox.names import is_meant_as_campaign, marks_of, plain_name
from bulkcall.inbox.recovery import UNFINISHED, FileAtClaim, RecoveryStep, next_step
from bulkcall.inbox.round_result import FileOutcome, Left, Taken
from bulkcall.ledger import RunState
from bulkcall.progress import NullProgress, StopToken
from bulkcall.records import Outcome
from bulkcall.run.post_run import post_run
from bulkcall.run.run_ids import new_run_id
from bulkcall.support.text import one_line, shown

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.inbox.claims import Claims
    from bulkcall.inbox.flags import RunFlags
    from bulkcall.inbox.incoming import IncomingFile
    from bulkcall.inbox.layout import InboxLayout
    from bulkcall.ledger import RunInfo
    from bulkcall.progress import Progress
    from bulkcall.run.result import RunResult
    from bulkcall.settings import Settings

Then = Callable[["RunResult"], "RunResult"]
"""What is done with the result of a run before people are told of it."""
_log = logging.getLogger(__name__)


class Worker:
    """Works on one file at a time; the ledger and the claims say where each stands."""

    def __init__(
        self,
        layout: InboxLayout,
        claims: Claims,
        settings: Settings,
        flags: RunFlags,
        *,
        clock: Clock,
        progress: Progress,
        stop: StopToken,
    ) -> None:
        self._layout = layout
        self._claims = claims
        self._settings = settings
        self._flags = flags
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._archive = Archive(layout, claims, settings)
        self._history = History(settings, clock)

    # -- what an earlier process left --------------------------------------------------------------

    def take_up(self, claim: Claim) -> Taken | Left | None:
        """Go on with a claim where it stands; None where nothing is left to do for it.

        Raises SettingsError, and StoppedError where the ledger or the disk can't be used.
        """
        try:
            return self._take_up(claim)
        except ArchiveError as error:
            return Left(claim.name, str(error), ExitStatus.STOPPED)

    def _take_up(self, claim: Claim) -> Taken | Left | None:
        run = self._history.run(claim.run_id)
        step, fate, why = next_step(claim, run, self._file_at(claim))
        if step is RecoveryStep.PUT_AWAY:
            return self._put_away_now(decided(claim, fate, why), resumed=True)
        if step is RecoveryStep.BEGIN:
            return self._begin(claim, resumed=True)
        if step is RecoveryStep.RESUME:
            return self._resume(claim)
        if step is RecoveryStep.FORGET and run is not None and run.state is RunState.LOADING:
            reason = "its file left the inbox before it was loaded; nothing was sent"
            self._history.abandon(claim.run_id, reason)
        if step is RecoveryStep.FORGET:
            self._forget(claim)
            return None
        self._claims.drop(claim)
        how = (
            f"taken out while its run was stopped (to continue it: bulkcall resume {claim.run_id})"
        )
        return Left(claim.name, how)

    def _forget(self, claim: Claim) -> None:
        """Drop a claim of which nothing was sent."""
        self._archive.clear(claim)
        self._claims.drop(claim)

    def _file_at(self, claim: Claim) -> FileAtClaim:
        if claim.matches(self._layout.drop, claim.name):
            return FileAtClaim.SAME
        return FileAtClaim.OTHER if self._layout.drop.has(claim.name) else FileAtClaim.NOTHING

    # -- what has arrived --------------------------------------------------------------------------

    def begin(self, drop: IncomingFile) -> Taken | Left | None:
        """Take a file that is ready; None where it is gone. Raises as `take_up`."""
        try:
            return self._take(drop)
        except FileNotFoundError:
            return None
        except OSError as error:  # its owner has to let us; the others need not wait for that
            return Left(drop.name, f"can't be read ({error.strerror})", ExitStatus.STOPPED)
        except ArchiveError as error:
            return Left(drop.name, str(error), ExitStatus.STOPPED)

    def _take(self, drop: IncomingFile) -> Taken | Left | None:
        name = self._plainly_named(drop.name)
        facts, sha256 = self._layout.drop.content_of(name)
        claim = Claim(new_run_id(self._clock.now_ms()), name, sha256, drop.signature)
        if Signature.of(facts) != drop.signature or not claim.matches(self._layout.drop, name):
            return Left(name, "still being written")
        earlier = self._history.earlier(sha256, again=self._flags.resend)
        if earlier is None:
            foreign = "" if drop.marked else self._why_foreign(name)
            return Left(name, foreign) if foreign else self._begin(claim)
        if earlier.state in UNFINISHED:
            return self._join(claim, earlier)
        began = datetime.fromtimestamp(earlier.started_at / 1000, UTC)
        why = (
            f"already processed as {earlier.file}: run {earlier.run_id} of "
            f"{began:%Y-%m-%d %H:%M} UTC, report in {earlier.out_dir}; nothing was sent for it now"
        )
        return self._put_away_now(decided(claim, "repeated", why))

    def _plainly_named(self, name: str) -> str:
        """Rename a file whose name is not UTF-8, and its marks too; returns the new name."""
        if plain_name(name) == name:
            return name
        drop = self._layout.drop
        found, number = plain_name(name), 1
        while drop.has(found):
            number += 1
            found = f"{number}-{plain_name(name)}"[:200]
        for old, new in zip((*marks_of(name), name), (*marks_of(found), found), strict=True):
            if drop.is_file(old):
                drop.move(old, drop, new)
        self._progress.note(f"{shown(name)} is now named {found}: its name was not UTF-8")
        return found

    def _why_foreign(self, name: str) -> str:
        """Return why a file that nothing but its place calls a campaign is none; empty: it is one.

        Somebody's notes.txt is left where it is: no run fails over it, and nobody is told.
        """
        if is_meant_as_campaign(name):
            return ""
        try:
            path = self._layout.path / name
            with self._flags.reading(
                path,
                self._settings,
                now_ms=self._clock.now_ms(),
                progress=NullProgress(),
                stop=self._stop,
            ):
                return ""
        except CampaignFileError:
            return "not a campaign file"

    def _join(self, claim: Claim, run: RunInfo) -> Taken | Left | None:
        """Handle a file whose content a stopped run holds: that run is taken up, for both."""
        if not self._history.is_free(run.run_id):
            return Left(claim.name, "being run by another process", ExitStatus.STOPPED)
        if any(other.run_id == run.run_id for other in self._claims.all()):
            return Left(claim.name, "of the same content as one to be resumed")
        if run.state is RunState.LOADING:
            return self._begin(claim)  # it has sent nothing, and its own file may be anywhere
        return self._resume(replace(claim, run_id=run.run_id))

    # -- runs --------------------------------------------------------------------------------------

    def _begin(self, claim: Claim, *, resumed: bool = False) -> Taken | Left | None:
        path, home = self._layout.path / claim.name, self._archive.home(claim)

        def run(then: Then) -> RunResult:
            return app.run(
                path,
                settings=self._settings,
                out=home,
                run_id=claim.run_id,
                sha256=claim.sha256,
                then=then,
                progress=self._progress,
                stop=StopToken(self._stop),
                **self._flags.keywords,
            )

        return self._guarded(claim, run, resumed=resumed)

    def _resume(self, claim: Claim) -> Taken | Left | None:
        if not self._history.is_free(claim.run_id):
            return Left(claim.name, "being run by another process", ExitStatus.STOPPED)

        def resume(then: Then) -> RunResult:
            return app.resume(
                claim.run_id,
                settings=self._settings,
                then=then,
                progress=self._progress,
                stop=StopToken(self._stop),
            )

        return self._guarded(claim, resume, resumed=True)

    def _guarded(
        self, claim: Claim, work: Callable[[Then], RunResult], *, resumed: bool
    ) -> Taken | Left | None:
        """Do the work of one run; what is wrong with this file alone keeps no other one waiting."""
        claim = self._claims.put(replace(claim, starts=claim.starts + 1))
        self._archive.prepare(claim)
        ended: list[Claim] = []

        def then(result: RunResult) -> RunResult:
            ended.append(self._ended(claim, result))
            return self._put_away(ended[0], result)

        try:
            result = work(then)
        except SettingsError:
            self._forget(claim)
            raise
        except RunHeldError as held:
            return Left(claim.name, str(held), ExitStatus.STOPPED)
        except UsageError as wrong:
            path = self._layout.path / claim.name
            if not claim.matches(self._layout.drop, claim.name):
                self._forget(claim)  # taken out, or written over, in this very moment
                return None
            why = str(wrong).removeprefix(f"{path}: ")  # where it lay says nothing afterwards
            return self._put_away_now(decided(claim, "failed", why), resumed=resumed)
        except ArchiveError as error:
            return self._not_put_away(ended[0] if ended else claim, error, resumed=resumed)
        except BulkcallError:
            raise
        except Exception as error:  # noqa: BLE001 - one file's surprise must not end the night
            _log.debug("%s: the run broke off", claim.name, exc_info=True)
            # Cut short: a library's message may quote the data that it choked on.
            why = f"internal error: {type(error).__name__}: {error}"[:160]
            status, home = ExitStatus.STOPPED, self._archive.home(claim)
            return Taken(
                claim.name,
                claim.run_id,
                FileOutcome.RESUMABLE,
                status,
                home,
                why=why,
                resumed=resumed,
            )
        [claim] = ended
        if claim.fate:
            self._claims.drop(claim)
        return _taken(claim, _outcome(claim), result, result.folder, resumed=resumed)

    def _not_put_away(self, claim: Claim, error: ArchiveError, *, resumed: bool) -> Taken:
        """Say of one file that it can't be put away; the next round tries again."""
        return Taken(
            claim.name,
            claim.run_id,
            FileOutcome.RESUMABLE,
            ExitStatus.STOPPED,
            self._archive.home(claim),
            why=f"its run is over, but {error}" if claim.fate else str(error),
            resumed=resumed,
        )

    def _ended(self, claim: Claim, result: RunResult) -> Claim:
        """Decide what becomes of the file of a run that is over; no fate where it only stopped."""
        run = result.report.run
        if result.error is None and run.state is RunState.FINISHED:
            return _judged(claim, result)
        error = result.error
        if error is None or (isinstance(error, StoppedError) and error.cause.ends_unattended):
            return decided(claim, "failed", str(error or result.notes[-1]))
        return self._claims.put(replace(claim, starts=0))

    # -- putting away ------------------------------------------------------------------------------

    def _put_away(self, claim: Claim, result: RunResult) -> RunResult:
        """Put away what has a fate; returns the result with its report where it is then."""
        if not claim.fate:
            return result
        home = self._archive.home(claim)
        if result.folder != home and home.exists():  # begun elsewhere: its report stays there too
            result = replace(
                app.report(claim.run_id, settings=self._settings, out=home),
                error=result.error,
            )
        folder = self._archive.put_away(claim, known=True)
        files = {name: folder / name for name in result.files}
        return replace(result, folder=folder, files=files)

    def _put_away_now(self, claim: Claim, *, resumed: bool = False) -> Taken:
        """Put away what an earlier process left, or what has no run of its own."""
        run = self._history.run(claim.run_id)
        try:
            if run is None or run.state is RunState.ABANDONED:
                folder = self._archive.put_away(claim, known=False)
                self._claims.drop(claim)
                return _taken(claim, _outcome(claim), None, folder, resumed=resumed)
            # Its process may have died over the report, and before anybody was told.
            with post_run(self._settings, None, file=claim.name) as after:
                self._claims.put(claim)
                is_there = self._archive.is_put_away(claim)
                if not is_there:
                    self._archive.prepare(claim)
                out = self._archive.place(claim) if is_there else self._archive.home(claim)
                result = app.report(claim.run_id, settings=self._settings, out=out)
                if run.state is RunState.STOPPED:
                    kind: type[StoppedError] = TurnedDownError
                    if run.stop_cause is StopCause.STOP_REQUEST:
                        kind = InterruptedRun
                    result = replace(result, error=kind(run.reason, cause=run.stop_cause))
                elif run.state is RunState.FINISHED and not claim.place:
                    claim = _judged(claim, result)
                after.result = result = self._put_away(claim, result)
        except ArchiveError as error:
            return self._not_put_away(claim, error, resumed=resumed)
        self._claims.drop(claim)
        return _taken(claim, _outcome(claim), result, result.folder, resumed=resumed)


def _judged(claim: Claim, result: RunResult) -> Claim:
    """Decide about the file of a run that went through to its end: `failed` without a valid row."""
    report = result.report
    if report.rows and report.outcomes[Outcome.INVALID] == report.rows:
        rows = "its only row is" if report.rows == 1 else f"all of its {report.rows:,} rows are"
        return decided(claim, "failed", f"{rows} invalid: nothing was sent; see rejected.csv")
    return decided(claim, "done")


def _outcome(claim: Claim) -> FileOutcome:
    """Return what is said of a claim's file; without a fate its run only stopped."""
    known = {
        "done": FileOutcome.DONE,
        "failed": FileOutcome.FAILED,
        "repeated": FileOutcome.REPEATED,
    }
    return known.get(claim.fate, FileOutcome.RESUMABLE)


def _taken(
    claim: Claim, fate: FileOutcome, result: RunResult | None, folder: Path, *, resumed: bool
) -> Taken:
    why, rows, confirmed = claim.why, 0, 0
    status = ExitStatus.USAGE if fate is FileOutcome.FAILED else ExitStatus.OK
    if result is not None:
        status, rows = result.exit_status, result.report.rows
        confirmed = result.report.outcomes[Outcome.SUCCESS]
        why = why or str(result.error or "")
        if fate is FileOutcome.FAILED and result.report.run.state is RunState.STOPPED:
            status = ExitStatus.STOPPED
    return Taken(
        claim.name,
        claim.run_id,
        fate,
        status,
        folder,
        rows=rows,
        confirmed=confirmed,
        why=one_line(why, 1000),
        resumed=resumed,
        blocks=fate is FileOutcome.RESUMABLE,
    )
