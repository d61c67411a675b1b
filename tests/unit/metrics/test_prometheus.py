"""The Prometheus file: what the official parser reads in it, and what outlives a run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bulkcall import metrics
from bulkcall.errors import ExitStatus
from bulkcall.metrics.prometheus import FAMILIES, parsed, rendered, samples, write_metrics
from bulkcall.records import Outcome
from bulkcall.settings import Settings
from tests.endings import BEGUN, SECOND, ending, never_began

OK = ending(ExitStatus.OK, counts={"success": 100})
END = (BEGUN + 10 * SECOND) / SECOND


def read(path):
    """What Prometheus's own parser finds: (name, labels) → value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def value(path, name, **labels):
    """One figure of profile north."""
    return read(path).get((name, tuple(sorted({"profile": "north", **labels}.items()))))


def test_prometheus_reads_every_figure_of_a_run(tmp_path):
    """Rows by outcome, requests, retries, times, exit status, conserved, by profile."""
    path = tmp_path / "bulkcall.prom"
    write_metrics(ending(), path)
    rows = {word: value(path, "bulkcall_run_rows", outcome=word.value) for word in Outcome}
    assert rows == dict(ending().outcomes)
    assert value(path, "bulkcall_run_requests") == 3
    assert value(path, "bulkcall_run_retries") == 1
    assert value(path, "bulkcall_run_duration_seconds") == 10
    assert value(path, "bulkcall_run_stage_duration_seconds", stage="reconcile") == 7
    assert value(path, "bulkcall_run_exit_status") == 3
    assert value(path, "bulkcall_run_conserved") == 1
    assert value(path, "bulkcall_run_end_timestamp_seconds") == END
    assert value(path, "bulkcall_last_finished_timestamp_seconds") == END
    assert value(path, "bulkcall_last_success_timestamp_seconds") is None
    assert {name for name, _ in read(path)} <= set(FAMILIES)


def test_a_failure_keeps_when_it_last_went_well(tmp_path):
    """The alarm 'no good run for a day' needs the time of the last good one, not of the last."""
    path = tmp_path / "bulkcall.prom"
    write_metrics(OK, path)
    write_metrics(ending(ExitStatus.STOPPED, ended=BEGUN + 999 * SECOND), path)
    assert value(path, "bulkcall_last_success_timestamp_seconds") == END
    assert value(path, "bulkcall_last_finished_timestamp_seconds") == END
    assert value(path, "bulkcall_run_exit_status") == 1
    assert value(path, "bulkcall_runs_total", exit_status="0") == 1
    assert value(path, "bulkcall_runs_total", exit_status="1") == 1
    assert value(path, "bulkcall_runs_total", exit_status="3") == 0


def test_a_run_that_never_began_has_no_rows(tmp_path):
    """The rows of the run before it are not shown as its own."""
    path = tmp_path / "bulkcall.prom"
    write_metrics(OK, path)
    write_metrics(never_began(), path)
    assert value(path, "bulkcall_run_rows", outcome="success") is None
    assert value(path, "bulkcall_run_exit_status") == 2
    assert value(path, "bulkcall_last_success_timestamp_seconds") == END


def test_profiles_share_a_file(tmp_path):
    """One account's run leaves the other's figures as they were."""
    path = tmp_path / "bulkcall.prom"
    write_metrics(ending(profile="south"), path)
    before = {key: v for key, v in read(path).items() if ("profile", "south") in key[1]}
    write_metrics(OK, path)
    after = {key: v for key, v in read(path).items() if ("profile", "south") in key[1]}
    assert after == before
    assert value(path, "bulkcall_run_exit_status") == 0


def test_the_node_exporter_can_read_the_file_and_sees_no_other(tmp_path):
    """Readable by other users, and nothing unfinished with the collector's ending is left."""
    path = tmp_path / "new" / "bulkcall.prom"
    write_metrics(OK, path)
    assert path.stat().st_mode & 0o777 == 0o644
    names = {each.name for each in path.parent.iterdir()}
    assert names == {".bulkcall.prom.lock", "bulkcall.prom"}


def test_a_damaged_file_is_written_anew(tmp_path):
    """Whatever stood there, what comes out is well-formed."""
    path = tmp_path / "bulkcall.prom"
    path.write_bytes(b'bulkcall_runs_total{profile="north",exit_status="0"} many\n\xff\xfe{{{\n')
    write_metrics(OK, path)
    assert value(path, "bulkcall_runs_total", exit_status="0") == 1


def test_a_folder_that_can_t_be_written_is_one_line(tmp_path):
    """No room for figures: the run goes on, one line says so."""
    (tmp_path / "file").write_text("")
    problems = metrics.write(OK, Settings(metrics_file=str(tmp_path / "file" / "bulkcall.prom")))
    assert len(problems) == 1
    assert "can't be written" in problems[0]


@given(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(list(ExitStatus)),
    st.integers(0, 10**9),
)
def test_what_is_written_is_read_back(profile, status, rows):
    """Any profile's name survives, for us and for Prometheus's own parser."""
    figures = samples(ending(status, profile=profile, counts={"success": rows}), {})
    text = rendered(figures).decode()
    assert parsed(text) == figures
    shown = {s.labels["profile"] for f in text_string_to_metric_families(text) for s in f.samples}
    assert shown == {profile}
