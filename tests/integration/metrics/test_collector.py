"""The real OTLP exporter against a collector on loopback."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bulkcall import metrics
from bulkcall.settings import Settings
from tests.endings import RUN_ID, ending
from tests.integration.notify.listeners import listening

REFUSED = ["otlp_endpoint: the collector did not take the run's metrics and trace"]


@pytest.fixture
def collector():
    """A collector on loopback."""
    with listening() as listener:
        yield listener


def test_a_collector_hears_one_trace_and_the_figures(collector):
    """Two requests, each of them what the protocol says."""
    assert metrics.write(ending(), Settings(otlp_endpoint=collector.url("/"))) == []
    bodies = {each.path: each.body for each in collector.asked}
    assert set(bodies) == {"/v1/traces", "/v1/metrics"}
    traces = ExportTraceServiceRequest.FromString(bodies["/v1/traces"])
    spans = traces.resource_spans[0].scope_spans[0].spans
    assert [span.name for span in spans] == ["load", "send", "reconcile", "bulkcall run"]
    run = {each.key: each.value.string_value for each in spans[-1].attributes}
    assert run["bulkcall.run_id"] == RUN_ID
    figures = ExportMetricsServiceRequest.FromString(bodies["/v1/metrics"])
    names = {each.name for each in figures.resource_metrics[0].scope_metrics[0].metrics}
    assert {"bulkcall.run.rows", "bulkcall.run.duration"} <= names


def test_a_redirect_is_never_followed(collector):
    """Figures go to the collector that was set, and nowhere else."""
    with listening() as elsewhere:
        collector.answers += [(307, elsewhere.url("/v1/traces"))] * 2
        assert metrics.write(ending(), Settings(otlp_endpoint=collector.url(""))) == REFUSED
        assert elsewhere.asked == []


def test_a_collector_that_says_no_is_one_line(collector, caplog):
    """The exporter's own lines, with addresses in them, are kept out of the log."""
    collector.answers += [400, 400]
    assert metrics.write(ending(), Settings(otlp_endpoint=collector.url("/t0ken"))) == REFUSED
    assert "t0ken" not in caplog.text
