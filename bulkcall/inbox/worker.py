"""One file from its claim to its place: begun, resumed, or found to be done already."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bulkcall import campaigns
from bulkcall.errors import (
    BulkcallError,
    ExitStatus,
    RunHeldError,
    SettingsError,
    TurnedDownError,
    UsageError,
)
from bulkcall.inbox.claims import Claim
from bulkcall.inbox.drops import Signature
from bulkcall.inbox.night import Fate, Left, Taken
from bulkcall.inbox.places import content_of, moving
from bulkcall.inbox.steps import UNFINISHED, Lies, Step, next_step
from bulkcall.inbox.stowing import Stowing, decided
from bulkcall.job import new_run_id
from bulkcall.ledger import RunState
from bulkcall.progress import Stop
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.inbox.claims import Claims
    from bulkcall.inbox.drops import Drop
    from bulkcall.inbox.flags import RunFlags
    from bulkcall.inbox.places import Places
    from bulkcall.job import RunResult
    from bulkcall.ledger import RunInfo
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings

_NO_SIGNATURE = Signature(-1, -1, -1)
_log = logging.getLogger(__name__)


class Worker:
    """Works on one file at a time; the ledger and the claims say where each stands."""

    def __init__(
        self,
        places: Places,
        claims: Claims,
        settings: Settings,
        flags: RunFlags,
        *,
        clock: Clock,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self._places = places
        self._claims = claims
        self._settings = settings
        self._flags = flags
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._stowing = Stowing(places, claims, settings)

    # -- what an earlier process left --------------------------------------------------------------

    def take_up(self, claim: Claim) -> Taken | Left | None:
        """Go on with a claim where it stands; None where nothing is left to do for it.

        Raises SettingsError, and StoppedError where the ledger or the folder can't be used.
        """
        run = self._run(claim.run_id)
        state, reason = (None, "") if run is None else (run.state, run.reason)
        step, fate, why = next_step(claim, state, reason, self._lies(claim))
        if step is Step.STOW:
            return self._stow(decided(claim, fate, why), resumed=True)
        if step is Step.BEGIN:
            return self._begin(claim, resumed=True)
        if step is Step.RESUME:
            return self._resume(claim)
        if step is Step.FORGET and state is RunState.LOADING:
            self._abandon(claim)
        self._claims.drop(claim)
        if step is Step.FORGET:
            return None
        how = f"taken out while its run was stopped (`bulkcall resume {claim.run_id}` goes on)"
        return Left(claim.name, how)

    def _lies(self, claim: Claim) -> Lies:
        path = self._places.inbox / claim.name
        if claim.is_file(path):
            return Lies.SAME
        return Lies.OTHER if path.exists() else Lies.NOTHING

    def _abandon(self, claim: Claim) -> None:
        reason = "its file left the inbox before it was loaded; nothing was sent"
        with campaigns.open_ledger(self._settings) as ledger, ledger.hold(claim.run_id):
            at = self._clock.now_ms()
            ledger.set_state(claim.run_id, RunState.ABANDONED, at=at, reason=reason)

    # -- what has arrived --------------------------------------------------------------------------

    def begin(self, drop: Drop) -> Taken | Left | None:
        """Take a file that is ready; None where it is gone. Raises as `take_up`."""
        path = self._places.inbox / drop.name
        if not path.exists():
            return None
        sha256 = content_of(path)
        claim = Claim(new_run_id(self._clock.now_ms()), drop.name, sha256, drop.signature)
        if not claim.is_file(path):
            return Left(drop.name, "still being written")
        earlier = self._earlier(sha256)
        if earlier is None:
            return self._begin(claim)
        if earlier.state in UNFINISHED:
            return self._join(claim, earlier)
        began = datetime.fromtimestamp(earlier.started_at / 1000, UTC)
        why = (
            f"its content was run before: {earlier.file}, run {earlier.run_id} of "
            f"{began:%Y-%m-%d %H:%M} UTC, report in {earlier.out_dir}; nothing was sent for it now"
        )
        return self._stow(decided(claim, "done", why), repeated=True)

    def _earlier(self, sha256: str) -> RunInfo | None:
        """Find a run of this content that must not be repeated; unfinished ones first.

        A file whose times come from --start and --window is another campaign once the windows of
        the earlier one have passed (contract: Equal rows).
        """
        with campaigns.open_ledger(self._settings) as ledger:
            runs = [
                run
                for run in ledger.runs_of(sha256)
                if (run.account, run.base_url)
                == (self._settings.client_account_id, self._settings.base_url)
            ]
            for run in runs:
                if run.state in UNFINISHED:
                    return run
            for run in runs:
                if run.state is not RunState.FINISHED or self._flags.resend:
                    continue
                if ledger.counts(run.run_id)[Outcome.UNSENT]:
                    continue
                ends = 0 if run.own_times else (ledger.latest_end(run.run_id) or 0)
                if run.own_times or ends > self._clock.now_ms():
                    return run
        return None

    def _join(self, claim: Claim, run: RunInfo) -> Taken | Left | None:
        """Mind a file whose content a stopped run holds: that run is taken up, for both."""
        with campaigns.open_ledger(self._settings) as ledger:
            if run.run_id not in {free.run_id for free in ledger.unfinished()}:
                return Left(claim.name, "being run by another process", ExitStatus.STOPPED)
        if any(other.run_id == run.run_id for other in self._claims.all()):
            return Left(claim.name, "of the same content as one to be resumed")
        if run.state is RunState.LOADING:
            return self._begin(claim)  # it has sent nothing, and its own file may be anywhere
        return self._resume(self._claims.put(replace(claim, run_id=run.run_id)))

    # -- runs --------------------------------------------------------------------------------------

    def _begin(self, claim: Claim, *, resumed: bool = False) -> Taken | Left | None:
        path, home = self._places.inbox / claim.name, self._stowing.home(claim)
        claim = self._claims.put(replace(claim, starts=claim.starts + 1))
        with moving(home):
            home.mkdir(mode=0o700, exist_ok=True)
        flags = {name: getattr(self._flags, name) for name in self._flags.__dataclass_fields__}
        return self._guarded(
            claim,
            lambda: campaigns.run(
                path,
                settings=self._settings,
                out=home,
                run_id=claim.run_id,
                progress=self._progress,
                stop=Stop(self._stop),
                **flags,
            ),
            resumed=resumed,
        )

    def _resume(self, claim: Claim) -> Taken | Left | None:
        claim = self._claims.put(replace(claim, starts=claim.starts + 1))
        return self._guarded(
            claim,
            lambda: campaigns.resume(
                claim.run_id,
                settings=self._settings,
                progress=self._progress,
                stop=Stop(self._stop),
            ),
            resumed=True,
        )

    def _guarded(
        self, claim: Claim, work: Callable[[], RunResult], *, resumed: bool
    ) -> Taken | Left | None:
        """Do the work of one run; what is wrong with this file alone keeps no other one waiting."""
        try:
            result = work()
        except SettingsError:
            self._claims.drop(claim)
            raise
        except RunHeldError as held:
            return Left(claim.name, str(held), ExitStatus.STOPPED)
        except UsageError as wrong:
            if not claim.is_file(self._places.inbox / claim.name):
                self._claims.drop(claim)  # taken out, or written over, in this very moment
                return None
            path = self._places.inbox / claim.name
            why = str(wrong).removeprefix(f"{path}: ")  # where it lay says nothing afterwards
            return self._stow(decided(claim, "failed", why), resumed=resumed)
        except BulkcallError:
            raise
        except Exception as error:  # noqa: BLE001 - one file's surprise must not end the night
            _log.debug("%s: the run broke off", claim.name, exc_info=True)
            # Cut short: a library's message may quote the data that it choked on.
            why = f"internal error: {type(error).__name__}: {error}"[:160]
            return Taken(
                claim.name,
                claim.run_id,
                Fate.RESUMABLE,
                ExitStatus.STOPPED,
                self._stowing.home(claim),
                why=why,
                resumed=resumed,
            )
        return self._ended(claim, result, resumed=resumed)

    def _ended(self, claim: Claim, result: RunResult, *, resumed: bool) -> Taken:
        if result.report.run.sha256 != claim.sha256:  # written over between our look and the run's
            claim = replace(claim, sha256=result.report.run.sha256, signature=_NO_SIGNATURE)
        if result.error is None and result.report.run.state is RunState.FINISHED:
            return self._stow(decided(claim, "done"), result, resumed=resumed)
        if result.error is None or isinstance(result.error, TurnedDownError):
            why = str(result.error or result.notes[-1])
            return self._stow(decided(claim, "failed", why), result, resumed=resumed)
        self._claims.put(replace(claim, starts=0))
        return self._told(claim, Fate.RESUMABLE, result, result.folder, resumed=resumed)

    # -- putting away ------------------------------------------------------------------------------

    def _stow(
        self,
        claim: Claim,
        result: RunResult | None = None,
        *,
        resumed: bool = False,
        repeated: bool = False,
    ) -> Taken:
        run = self._run(claim.run_id)
        known = run is not None and run.state is not RunState.ABANDONED
        home, place = self._stowing.home(claim), self._stowing.place(claim)
        if known and (result is None or result.folder != home):
            # Its process died over the report, or the run was begun elsewhere.
            self._claims.put(claim)
            folder = place if place.exists() and not home.exists() else home
            result = campaigns.report(claim.run_id, settings=self._settings, out=folder)
        folder = self._stowing.stow(claim, known=known)
        fate = Fate.REPEATED if repeated else Fate(claim.fate)
        return self._told(claim, fate, result, folder, resumed=resumed)

    def _told(
        self, claim: Claim, fate: Fate, result: RunResult | None, folder: Path, *, resumed: bool
    ) -> Taken:
        why, rows, confirmed = claim.why, 0, 0
        status = {Fate.FAILED: ExitStatus.USAGE}.get(fate, ExitStatus.OK)
        if result is not None:
            status, rows = result.exit_status, result.report.rows
            confirmed = result.report.outcomes[Outcome.SUCCESS]
            why = why or str(result.error or "")
            if fate is Fate.FAILED and result.report.run.state is RunState.STOPPED:
                status = ExitStatus.STOPPED
        return Taken(
            claim.name,
            claim.run_id,
            fate,
            status,
            folder,
            rows=rows,
            confirmed=confirmed,
            why=" ".join(why.split()),
            resumed=resumed,
            blocks=fate is Fate.RESUMABLE,
        )

    def _run(self, run_id: str) -> RunInfo | None:
        with campaigns.open_ledger(self._settings) as ledger:
            try:
                return ledger.run(run_id)
            except UsageError:
                return None
