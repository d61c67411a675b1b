"""How rows get into the ledger: a run is begun, its rows are checked, repeats are found."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import CampaignFileError
from bulkcall.ledger import RunState
from bulkcall.run.options import new_run, room_for
from bulkcall.run.reading import InvalidLimit, ReadOptions, reading
from bulkcall.support.atomic_files import require_folder

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress, StopToken
    from bulkcall.run.options import RunOptions
    from bulkcall.run.reading import CheckedFile
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)


class Admission:
    """Admits campaign files to the ledger; what a person should know of them goes to `notes`."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        clock: Clock,
        progress: Progress,
        stop: StopToken,
        notes: list[str],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._notes = notes

    def begin(self, intake: CheckedFile, source: ReadOptions, options: RunOptions) -> RunInfo:
        """Write the run down, once it is sure that its report can be written."""
        new = new_run(intake.file, source, options, self._settings, at=self._clock.now_ms())
        require_folder(Path(new.out_dir))
        self._ledger.require_room(room_for(intake.file))
        return self._ledger.begin_run(new)

    def admit(self, run: RunInfo, intake: CheckedFile, *, allow_duplicates: bool) -> None:
        """Load and validate into the ledger, then find the rows that must not go out again."""
        self._ledger.add_all(run.run_id, intake.checked())
        rows, first_rows = intake.repeats.finish()
        if not allow_duplicates:
            self._ledger.mark_duplicates(run.run_id, rows.tolist(), first_rows.tolist())
        valid = intake.rows - intake.invalid
        _LOG.info(
            "loaded: %d rows, %d invalid, %d repeated", intake.rows, intake.invalid, len(rows)
        )
        if not run.resend:
            intake.doctor.note_repeats(self._ledger.mark_repeats(run.run_id), valid)
        self._notes += [*intake.file.notes, *intake.doctor.lines()]

    def too_many_invalid(self, intake: CheckedFile, most: str | None) -> bool:
        """Tell whether more rows are invalid than is borne (`--max-invalid`), and note it."""
        if not InvalidLimit.parse(most).exceeded(intake.invalid, intake.rows):
            return False
        self._notes.append(
            f"{intake.invalid:,} of {intake.rows:,} rows are invalid, more than --max-invalid "
            f"{most} allows: nothing was sent"
        )
        return True

    def load_again(self, run: RunInfo) -> bool:
        """Load a run anew whose first process died while loading: nothing of it was sent.

        Gives whether it may be sent now.
        """
        facts = dict(run.file_facts)
        with reading(ReadOptions(**facts["source"]), self._progress, self._stop) as intake:
            if intake.file.sha256 != run.sha256:
                told = (
                    f"{run.file} has changed since run {run.run_id} began to load it; nothing was "
                    f"sent: start anew with `bulkcall run`"
                )
                self._ledger.set_state(
                    run.run_id, RunState.ABANDONED, at=self._clock.now_ms(), reason=told
                )
                raise CampaignFileError(told)
            self._ledger.drop_rows(run.run_id)
            self.admit(run, intake, allow_duplicates=facts["allow_duplicates"])
            return not self.too_many_invalid(intake, facts.get("max_invalid"))
