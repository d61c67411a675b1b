"""Rounds over a drop folder against a real server and ledger."""

from __future__ import annotations

import json
import os

import pytest

from bulkcall.app import open_ledger
from bulkcall.errors import SettingsError, UsageError
from bulkcall.inbox import FileOutcome
from bulkcall.inbox.layout import kept_name
from bulkcall.ledger import RunState
from bulkcall.progress import StopToken
from bulkcall.records import Channel
from bulkcall.settings import Secret

pytestmark = pytest.mark.integration


def test_what_has_arrived_is_run_and_put_away(folder):
    """In order of arrival; each with its report; the ledger knows where both are now."""
    for name, age in (("b.csv", 30), ("a.csv", 20), ("c.csv.part", 90)):
        path = folder.drop(name)
        at = path.stat().st_mtime - age
        os.utime(path, (at, at))
    night = folder.night(channel=Channel.BATCH)
    assert [(each.name, each.fate, each.status) for each in night.taken] == [
        ("b.csv", FileOutcome.DONE, 0),
        ("a.csv", FileOutcome.DONE, 0),
    ]
    assert night.line() == "took 2 files: 2 done; 8 of 8 rows confirmed"
    assert (folder.names(), folder.holds("done")) == (["c.csv.part"], ["a.csv", "b.csv"])
    assert folder.quiet()
    for run, taken in zip(folder.runs(), night.taken, strict=True):
        assert (run.run_id, run.out_dir) == (taken.run_id, str(taken.folder))
        assert run.file == str(taken.folder / taken.name)
        summary = json.loads((taken.folder / "summary.json").read_text())
        assert summary["outcomes"]["success"] == 4
        report = {path.name for path in taken.folder.iterdir()} - {taken.name}
        assert {kept_name(name) for name in report} == {f"input_{name}" for name in report}


def test_a_second_round_finds_nothing_to_do(folder):
    """What is done is done."""
    folder.drop("a.csv")
    folder.night()
    requests = len(folder.sandbox.journal())
    night = folder.night()
    assert (night.line(), night.exit_status) == ("no new files", 0)
    assert len(folder.sandbox.journal()) == requests


def test_what_can_not_be_read_goes_to_failed_and_says_why(folder):
    """The others go on; the exit status is 2."""
    (folder.path / "bad.csv").write_bytes(b"\0\1\2 not a campaign")
    (folder.path / "empty.csv").write_bytes(b"")
    folder.drop("good.csv")
    night = folder.night()
    assert {each.name: each.fate for each in night.taken} == {
        "bad.csv": FileOutcome.FAILED,
        "empty.csv": FileOutcome.FAILED,
        "good.csv": FileOutcome.DONE,
    }
    assert night.exit_status == 2
    for each in night.of(FileOutcome.FAILED):
        assert (each.folder / "why.txt").read_text().strip() == each.why
        assert (each.folder / each.name).exists()
        assert str(folder.path) not in each.why
    assert folder.quiet()


def test_rows_that_fail_leave_the_file_done(folder):
    """It went through to its end; the exit status says that not all is success."""
    folder.drop("a.csv", text="911140000000,12,Parcel team\n")
    night = folder.night()
    assert [(each.fate, each.status) for each in night.taken] == [(FileOutcome.DONE, 3)]
    assert night.line() == "took 1 file: 1 done; 4 of 5 rows confirmed"


def test_more_invalid_rows_than_allowed_send_the_file_to_failed(folder):
    """Nothing of it is sent; once mended it may come again."""
    folder.drop("a.csv", text="911140000000,12,Parcel team\n")
    night = folder.night(max_invalid="0")
    [taken] = night.taken
    assert (taken.fate, taken.status) == (FileOutcome.FAILED, 3)
    assert "more than --max-invalid" in (taken.folder / "why.txt").read_text()
    assert not folder.applied()
    folder.drop("a.csv", text="911140000000,12,Parcel team\n", first=0)
    assert folder.night(max_invalid="1").taken[0].fate is FileOutcome.DONE


def test_a_mended_rejected_csv_can_be_dropped_as_it_is(folder):
    """Its name is that of a file of its own report."""
    folder.drop("rejected.csv")
    [taken] = folder.night().taken
    assert (taken.folder / "input_rejected.csv").read_text().count("Parcel team") == 4
    assert (taken.folder / "rejected.csv").read_text().count("Parcel team") == 0


def test_the_same_content_is_run_once(folder):
    """Under another name, and under the same: reported as done already, nothing is sent."""
    folder.drop("a.csv")
    folder.night()
    for name in ("copy.csv", "a.csv"):
        folder.drop(name, first=0)
        [taken] = folder.night().taken
        assert (taken.name, taken.fate, taken.status) == (name, FileOutcome.REPEATED, 0)
        assert "already processed as" in (taken.folder / "why.txt").read_text()
        assert taken.folder.parent.name == "done"
    assert set(folder.applied().values()) == {1}
    assert len(folder.runs()) == 1


def test_the_same_list_is_another_campaign_once_its_window_has_passed(folder, monkeypatch):
    """Where --start and --window give the times: tomorrow night the list goes out again."""
    from bulkcall.clock import SystemClock

    folder.drop("a.csv")
    folder.night()
    folder.drop("a.csv", first=0)
    now = SystemClock.now_ms
    monkeypatch.setattr(SystemClock, "now_ms", lambda self: now(self) + 9 * 3_600_000)
    [taken] = folder.night().taken
    assert (taken.fate, taken.confirmed) == (FileOutcome.DONE, 4)
    assert set(folder.applied().values()) == {2}


def test_resend_runs_the_same_content_again(folder):
    """As the flag does for a single run."""
    folder.drop("a.csv")
    folder.night()
    folder.drop("a.csv", first=0)
    [taken] = folder.night(resend=True).taken
    assert (taken.fate, taken.confirmed) == (FileOutcome.DONE, 4)


def test_a_server_that_is_away_keeps_the_files_in_place(folder):
    """The first is begun and waits to be resumed; no other is begun; then all go out, once."""
    folder.drop("a.csv")
    folder.drop("b.csv")
    night = folder.night(settings={"base_url": "http://127.0.0.1:9"})
    assert [each.fate for each in night.taken] == [FileOutcome.RESUMABLE]
    assert night.exit_status == 1
    assert [left.why for left in night.left] == ["not begun"]
    assert folder.names() == ["a.csv", "b.csv"]
    assert "1 to be resumed (a.csv: " in night.line()


def test_what_was_left_is_resumed_before_anything_new(folder):
    """A credential that is turned down stops the first; the next night takes it up first."""
    folder.drop("z.csv")
    stopped = folder.night(settings={"token": Secret("not.a.token")})
    assert [each.fate for each in stopped.taken] == [FileOutcome.RESUMABLE]
    path = folder.drop("a.csv")
    os.utime(path, (1, 1))
    night = folder.night()
    assert [(each.name, each.fate, each.resumed) for each in night.taken] == [
        ("z.csv", FileOutcome.DONE, True),
        ("a.csv", FileOutcome.DONE, False),
    ]
    assert night.taken[0].run_id == stopped.taken[0].run_id
    assert set(folder.applied().values()) == {1}
    assert folder.quiet()


def stop_midway(folder):
    """Have a run stopped by a request after it has sent something."""
    stop = StopToken()
    folder.sandbox.set(rules="none")
    folder.drop("a.csv", rows=30)

    class Asks:
        def begin(self, stage, total):
            pass

        def advance(self, stage, rows):
            if stage == "send":
                stop.request("SIGTERM")

        def end(self, stage):
            pass

        def note(self, text):
            pass

    slowly = {"batch_size": 10, "batch_per_minute": 60.0}
    inbox = folder.inbox(stop=stop, channel=Channel.BATCH, settings=slowly)
    inbox._worker._progress = Asks()
    return inbox.once()


def test_a_stop_leaves_the_file_in_place_and_the_next_round_goes_on(folder):
    """Exit status 4; the rows that went out are not sent again."""
    night = stop_midway(folder)
    assert (night.exit_status, [each.fate for each in night.taken]) == (4, [FileOutcome.RESUMABLE])
    assert folder.names() == ["a.csv"]
    assert 0 < sum(folder.applied().values()) < 30
    [taken] = folder.night().taken
    assert (taken.fate, taken.confirmed, taken.resumed) == (FileOutcome.DONE, 30, True)
    assert set(folder.applied().values()) == {1}


def test_a_file_that_was_written_over_is_a_new_one_and_the_old_run_goes_on(folder):
    """The ledger has the old rows; the new file is run after them."""
    stop_midway(folder)
    folder.drop("a.csv", rows=5)
    night = folder.night()
    assert [(each.fate, each.rows, each.resumed) for each in night.taken] == [
        (FileOutcome.DONE, 30, True),
        (FileOutcome.DONE, 5, False),
    ]
    assert set(folder.applied().values()) == {1}
    assert folder.names() == []


def test_a_file_that_was_taken_out_stops_its_run(folder):
    """Somebody does not want it to go on; by hand it still can."""
    night = stop_midway(folder)
    (folder.path / "a.csv").unlink()
    applied = folder.applied()
    after = folder.night()
    assert (after.taken, after.exit_status) == ((), 0)
    assert night.taken[0].run_id in after.left[0].why
    assert folder.applied() == applied
    assert folder.runs()[0].state is RunState.STOPPED


def test_a_stopped_run_of_a_file_in_the_inbox_is_taken_up_from_the_ledger(folder):
    """Begun by hand, or its claim lost: the ledger knows its content."""
    night = stop_midway(folder)
    for claim in folder.claims():
        claim.unlink()
    [taken] = folder.night().taken
    assert (taken.fate, taken.run_id, taken.resumed) == (
        FileOutcome.DONE,
        night.taken[0].run_id,
        True,
    )
    assert set(folder.applied().values()) == {1}
    assert folder.quiet()


def test_a_copy_of_a_stopped_file_is_not_run_beside_it(folder):
    """It is told to be done once the stopped one has gone through."""
    stop_midway(folder)
    folder.drop("copy.csv", rows=30, first=0)
    night = folder.night()
    assert {each.name: each.fate for each in night.taken} == {
        "a.csv": FileOutcome.DONE,
        "copy.csv": FileOutcome.REPEATED,
    }
    assert set(folder.applied().values()) == {1}


def test_a_canary_that_failed_goes_to_failed_and_is_not_resumed_by_itself(folder):
    """What a person has to look at does not go out the next night; dropped again it goes on."""
    folder.sandbox.set(rules="digits")
    folder.drop("a.csv", rows=2, text="", first=99_901)
    with (folder.path / "a.csv").open("a") as file:
        file.write("911140000000,9876500011,Parcel team\n")
    night = folder.night(canary=2)
    [taken] = night.taken
    assert (taken.fate, taken.status) == (FileOutcome.FAILED, 1)
    assert "canary" in (taken.folder / "why.txt").read_text()
    applied = folder.applied()
    assert folder.night(canary=2).taken == ()
    assert folder.applied() == applied
    (taken.folder / "a.csv").rename(folder.path / "a.csv")
    [again] = folder.night(canary=2).taken
    assert (again.run_id, again.fate) == (taken.run_id, FileOutcome.DONE)


def test_a_slip_in_the_flags_touches_nothing(folder):
    """No file is moved for what is not its fault."""
    folder.drop("a.csv")
    with pytest.raises(UsageError, match="--window"):
        folder.night(window="soon")
    with pytest.raises(SettingsError):
        folder.night(settings={"client_account_id": ""})
    assert [path.name for path in folder.path.iterdir()] == ["a.csv"]


def test_a_surprise_over_one_file_does_not_end_the_night(folder, monkeypatch):
    """It stays, is told as an internal error, and the others go on."""
    from bulkcall import app

    real = app.run

    def odd(file, **how):
        if file.name == "a.csv":
            raise ZeroDivisionError("odd")
        return real(file, **how)

    monkeypatch.setattr(app, "run", odd)
    folder.drop("a.csv")
    folder.drop("b.csv")
    night = folder.night()
    assert {each.name: each.fate for each in night.taken} == {
        "a.csv": FileOutcome.RESUMABLE,
        "b.csv": FileOutcome.DONE,
    }
    assert "internal error: ZeroDivisionError: odd" in night.line()
    assert night.exit_status == 1
    monkeypatch.setattr(app, "run", real)
    assert [each.fate for each in folder.night().taken] == [FileOutcome.DONE]


def test_a_file_that_may_not_be_opened_keeps_no_other_waiting(folder, monkeypatch):
    """It stays, with exit status 1 (root may open all, so the system's refusal is made up)."""
    from bulkcall.inbox.folder import Folder

    real = Folder.content_of

    def denied(self, name):
        if name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(self, name)

    monkeypatch.setattr(Folder, "content_of", denied)
    folder.drop("a.csv")
    folder.drop("b.csv")
    night = folder.night()
    assert [(each.name, each.fate) for each in night.taken] == [("b.csv", FileOutcome.DONE)]
    assert night.line().endswith("left in the inbox: 1 can't be read (Permission denied)")
    assert (night.exit_status, folder.names()) == (1, ["a.csv"])


def test_a_run_that_a_person_works_on_is_left_to_them(folder):
    """`bulkcall resume` by hand at the same time: nobody waits, and nothing is sent twice."""
    night = stop_midway(folder)
    with open_ledger(folder.settings) as ledger, ledger.hold(night.taken[0].run_id):
        held = folder.night()
    assert (held.taken, held.exit_status) == ((), 1)
    assert held.left[0].why == "being run by another process"
    assert [each.fate for each in folder.night().taken] == [FileOutcome.DONE]


def test_the_deadline_decides_where_it_is_asked_to(folder):
    """The file with the earliest ends_at goes first, whichever came first."""
    from time import time

    now = int(time() * 1000)
    for name, hours in (("late.csv", 9), ("soon.csv", 2)):
        (folder.path / name).write_text(
            "caller,receiver,label,start,end\n"
            f"911140000000,987650{hours:04d},Parcel team,{now},{now + hours * 3_600_000}\n"
        )
    night = folder.night(order="deadline", start=None, window=None)
    assert [each.name for each in night.taken] == ["soon.csv", "late.csv"]


def test_hours_that_are_over_leave_the_file_in_place(folder):
    """With outside_hours = stop the run waits for a round inside the hours."""
    from datetime import UTC, datetime, timedelta

    later = datetime.now(UTC) + timedelta(hours=3)
    hours = {
        "not_before": f"{later:%H:%M}",
        "not_after": f"{later + timedelta(hours=1):%H:%M}",
        "quiet_timezone": "UTC",
        "outside_hours": "stop",
    }
    folder.drop("a.csv")
    folder.drop("b.csv")
    night = folder.night(settings=hours)
    assert (night.exit_status, [each.fate for each in night.taken]) == (4, [FileOutcome.RESUMABLE])
    assert (folder.names(), folder.applied()) == (["a.csv", "b.csv"], {})
    assert [each.fate for each in folder.night().taken] == [FileOutcome.DONE, FileOutcome.DONE]


def test_the_ledger_of_another_account_decides_nothing(folder):
    """The same content for another client account is another campaign."""
    folder.drop("a.csv")
    folder.night()
    with open_ledger(folder.settings) as ledger:
        [run] = ledger.runs()
    assert run.account == folder.settings.client_account_id
    folder.drop("a.csv", first=0)
    other = {"base_url": "http://127.0.0.1:9", "first_contact_timeout": 0.1}
    assert [each.fate for each in folder.night(settings=other).taken] == [FileOutcome.RESUMABLE]
