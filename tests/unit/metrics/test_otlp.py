"""OpenTelemetry: one trace a run with a span a stage, and its figures, held in memory."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bulkcall import metrics
from bulkcall.errors import ExitStatus
from bulkcall.metrics.otlp import export
from bulkcall.run_summary import StageTime
from bulkcall.settings import Settings
from tests.endings import BEGUN, RUN_ID, SECOND, ending, never_began


class Metrics(MetricExporter):
    """Keeps what it is given."""

    def __init__(self, result=MetricExportResult.SUCCESS):
        super().__init__()
        self.result = result
        self.points = {}

    def export(self, metrics_data, timeout_millis=10_000, **_):
        """Keep."""
        for of in metrics_data.resource_metrics:
            self.resource = of.resource
            for scope in of.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        outcome = point.attributes.get("bulkcall.outcome", "")
                        self.points[metric.name, outcome] = point.value
        return self.result

    def force_flush(self, timeout_millis=10_000):
        """Nothing waits."""
        return True

    def shutdown(self, timeout_millis=30_000, **_):
        """Nothing is open."""


class Refusing(InMemorySpanExporter):
    """Takes nothing."""

    def export(self, spans):
        """Refuse."""
        return SpanExportResult.FAILURE


def exported(run):
    """The spans by name, and the metrics."""
    spans, metrics = InMemorySpanExporter(), Metrics()
    assert export(run, "http://127.0.0.1:4318", spans=spans, metrics=metrics)
    return spans.get_finished_spans(), metrics


def test_one_trace_a_run_with_a_span_a_stage():
    """Each stage's span lies under the run's, with the stage's own times and rows."""
    spans, _ = exported(ending())
    by_name = {span.name: span for span in spans}
    whole = by_name["bulkcall run"]
    assert list(by_name) == ["load", "send", "reconcile", "bulkcall run"]
    assert len({span.context.trace_id for span in spans}) == 1
    assert all(s.parent.span_id == whole.context.span_id for s in spans if s is not whole)
    send = by_name["send"]
    assert (send.start_time, send.end_time) == (BEGUN + SECOND, BEGUN + 4 * SECOND)
    assert send.attributes["bulkcall.rows"] == 96
    assert (whole.start_time, whole.end_time) == (BEGUN, BEGUN + 10 * SECOND)
    assert whole.attributes["bulkcall.run_id"] == RUN_ID
    assert whole.attributes["bulkcall.rows.success"] == 90
    assert whole.attributes["bulkcall.exit_status"] == 3
    assert whole.resource.attributes["service.name"] == "bulkcall"
    assert whole.status.status_code is StatusCode.UNSET


def test_a_stopped_run_is_an_error_and_so_is_the_stage_it_stopped_in():
    """The trace shows where it broke."""
    cut = (StageTime("send", BEGUN, BEGUN + SECOND, 1, through=False),)
    spans, _ = exported(ending(ExitStatus.STOPPED, verdict="Stopped: away", stages=cut))
    send, whole = spans
    assert send.status.status_code is StatusCode.ERROR
    assert (whole.status.status_code, whole.status.description) == (
        StatusCode.ERROR,
        "Stopped: away",
    )


def test_metrics_of_a_run():
    """Rows by outcome, requests, retries, duration, exit status, conserved."""
    _, metrics = exported(ending())
    assert metrics.points["bulkcall.run.rows", "refused"] == 6
    assert metrics.points["bulkcall.run.requests", ""] == 3
    assert metrics.points["bulkcall.run.retries", ""] == 1
    assert metrics.points["bulkcall.run.duration", ""] == 10
    assert metrics.points["bulkcall.run.exit_status", ""] == 3
    assert metrics.points["bulkcall.run.conserved", ""] == 1


def test_a_run_that_never_began_is_a_trace_too():
    """A failure before the first row is seen where the others are seen."""
    spans, metrics = exported(never_began())
    assert [span.name for span in spans] == ["bulkcall run"]
    assert metrics.points == {
        ("bulkcall.run.duration", ""): 1,
        ("bulkcall.run.exit_status", ""): 2,
    }


def test_a_collector_that_takes_one_of_the_two_has_not_taken_it():
    """Either half refused is told."""
    where = "http://127.0.0.1:4318"
    assert not export(ending(), where, spans=Refusing(), metrics=Metrics())
    refusing = Metrics(MetricExportResult.FAILURE)
    assert not export(ending(), where, spans=InMemorySpanExporter(), metrics=refusing)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    """Where OpenTelemetry is not installed, the run is none the worse."""
    monkeypatch.delitem(sys.modules, "bulkcall.metrics.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    problems = metrics.write(ending(), Settings(otlp_endpoint="http://127.0.0.1:4318"))
    assert problems == [
        "otlp_endpoint is set, but OpenTelemetry is not there: install bulkcall[otel]"
    ]
