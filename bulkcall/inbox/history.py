"""What the ledger says of a file: whether its content was run before, and how its run stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall import app
from bulkcall.errors import UsageError
from bulkcall.inbox.recovery import UNFINISHED
from bulkcall.ledger import RunState
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.settings import Settings


class History:
    """The ledger in force, asked anew each time: a run has it open by itself."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def run(self, run_id: str) -> RunInfo | None:
        """Return a run, None where there is none of this id."""
        with app.open_ledger(self._settings) as ledger:
            try:
                return ledger.run(run_id)
            except UsageError:
                return None

    def is_free(self, run_id: str) -> bool:
        """Return whether a run is not over and no live process works on it."""
        with app.open_ledger(self._settings) as ledger:
            return run_id in {run.run_id for run in ledger.unfinished()}

    def abandon(self, run_id: str, reason: str) -> None:
        """Note that a run that has sent nothing will never go on."""
        with app.open_ledger(self._settings) as ledger, ledger.hold(run_id):
            at = self._clock.now_ms()
            ledger.set_state(run_id, RunState.ABANDONED, at=at, reason=reason)

    def earlier(self, sha256: str, *, again: bool) -> RunInfo | None:
        """Return this account's run of a content that must not run beside it; stopped ones first.

        `again` lets what is over be run once more (`--resend`).
        """
        with app.open_ledger(self._settings) as ledger:
            account = (self._settings.client_account_id, self._settings.base_url)
            runs = [run for run in ledger.runs_of(sha256) if (run.account, run.base_url) == account]
            unfinished = [run for run in runs if run.state in UNFINISHED]
            over = [] if again else [run for run in runs if self._stands(ledger, run)]
        return next(iter([*unfinished, *over]), None)

    def _stands(self, ledger: Ledger, run: RunInfo) -> bool:
        """Return whether a run went through to its end and still stands for its content.

        A file whose times come from --start and --window is another campaign once the windows of
        the earlier one have passed (contract: Equal rows).
        """
        if run.state is not RunState.FINISHED or ledger.counts(run.run_id)[Outcome.UNSENT]:
            return False
        return run.own_times or (ledger.latest_end(run.run_id) or 0) > self._clock.now_ms()
