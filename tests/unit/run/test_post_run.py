"""From a run's result to what may be told of it."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace

import pytest

from bulkcall.errors import CampaignFileError, ExitStatus, ServerAwayError
from bulkcall.ledger import RunState
from bulkcall.records import Channel, Outcome
from bulkcall.report.commands import ledger_flag
from bulkcall.run.post_run import PostRun, post_run
from bulkcall.settings import Settings
from tests.endings import RUN_ID

NUMBER = "919876500001"


def result(folder, settings, *, state=RunState.FINISHED, error=None, dry_run=False):
    """A run of two rows, one of them refused with a message that names a number."""
    outcomes = dict.fromkeys(Outcome, 0) | {Outcome.SUCCESS: 1, Outcome.REFUSED: 1}
    run = SimpleNamespace(
        run_id=RUN_ID,
        file=f"/drop/{NUMBER}.csv",
        channel=Channel.BATCH,
        state=state,
        requests=2,
        retries=0,
        dry_run=dry_run,
        profile=settings.profile,
        file_facts={},
    )
    reason = SimpleNamespace(rows=1, outcome=Outcome.REFUSED, text=f"{NUMBER} is no number")
    report = SimpleNamespace(
        run=run,
        ledger=ledger_flag(settings.ledger),
        verdict=f"Stopped: {NUMBER} is odd. See run {RUN_ID}.",
        outcomes=outcomes,
        rows=2,
        conserved=True,
        reasons=(reason,),
    )
    return SimpleNamespace(
        report=report,
        files={"report.html": folder / RUN_ID / "report.html"},
        folder=folder / RUN_ID,
        error=error,
        exit_status=error.exit_status if error else ExitStatus.NOT_ALL,
    )


def ended(folder, settings=None, **facts):
    """The ending of such a run."""
    settings = settings or Settings()
    after = PostRun(settings, None, "list.csv")
    after.result = result(folder, settings, **facts)
    return after.ending()


def test_numbers_are_masked_and_the_run_s_name_is_not(tmp_path):
    """Verdict, reasons and file name lose the number; run id and path stay usable."""
    told = ended(tmp_path)
    assert told.verdict == f"Stopped: 91•••••••001 is odd. See run {RUN_ID}."
    assert told.reasons == ("1 refused: 91•••••••001 is no number",)
    assert told.file == "91•••••••001.csv"
    assert told.report.endswith(f"{RUN_ID}/report.html")
    assert told.resume == ""


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (Settings(), f"bulkcall resume {RUN_ID}"),
        (Settings(profile="north"), f"bulkcall resume {RUN_ID} --profile north"),
        (Settings(ledger="/a b/l.db"), f"bulkcall resume {RUN_ID} --ledger '/a b/l.db'"),
        (Settings(ledger="postgresql://me:secret@db/l"), f"bulkcall resume {RUN_ID}"),
    ],
)
def test_the_resume_command_can_be_pasted(tmp_path, settings, command):
    """It names the profile and a ledger's file; a database's URL with its password never."""
    told = ended(tmp_path, settings, state=RunState.STOPPED, error=ServerAwayError("away"))
    assert told.resume == command
    assert told.failed


def test_a_dry_run_has_no_ending_to_tell(tmp_path):
    """Until it is resumed: then it is a run like any other."""
    assert ended(tmp_path, state=RunState.WITHHELD, dry_run=True) is None
    assert ended(tmp_path, dry_run=True) is not None


def test_an_error_that_nobody_foresaw_is_told_without_its_text(monkeypatch):
    """Its text may quote what it choked on; its kind is enough to be woken for."""
    told = []
    monkeypatch.setattr("bulkcall.notify.notify", lambda ending, _: told.append(ending) or [])
    with pytest.raises(KeyError), post_run(Settings(), None, file=f"/x/{NUMBER}.csv"):
        raise KeyError(NUMBER)
    with pytest.raises(CampaignFileError), post_run(Settings(), None):
        raise CampaignFileError(f"row 3: {NUMBER}?")
    assert [each.verdict for each in told] == ["internal error: KeyError", "row 3: 91•••••••001?"]
    assert [each.exit_status for each in told] == [1, 2]
    assert told[0].file == "91•••••••001.csv"


def test_a_run_is_told_as_it_ended_where_what_follows_it_fails(tmp_path, monkeypatch):
    """A purge that fails after the run does not make it one that never began."""
    told = []
    monkeypatch.setattr("bulkcall.notify.notify", lambda ending, _: told.append(ending) or [])

    def purge():
        raise OSError

    with suppress(OSError), post_run(Settings(), None) as after:
        after.result = result(tmp_path, Settings())
        purge()
    assert [each.run_id for each in told] == [RUN_ID]
