"""A run as one OpenTelemetry trace and a set of metrics (optional extra `otel`).

The spans are made when the run is over, from the times that its stages told of: nothing of
OpenTelemetry is loaded while records go out, and no stage knows of it. Headers, certificates and
compression are the exporter's own affair (OTEL_EXPORTER_OTLP_HEADERS and so on).
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from bulkcall.errors import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.metrics.export import MetricExporter

    from bulkcall.run_summary import RunSummary

TIMEOUT_SECONDS = 5.0
"""Seconds for each of the two requests, the exporter's own retries included."""

_NAME = "bulkcall"
_VERSION = version(_NAME)
_BROKEN = (ExitStatus.STOPPED, ExitStatus.USAGE, ExitStatus.INTERRUPTED)


def export(
    ending: RunSummary,
    endpoint: str,
    *,
    spans: SpanExporter | None = None,
    metrics: MetricExporter | None = None,
) -> bool:
    """Send a run's trace and metrics to a collector; tell whether it took both.

    `endpoint` is the collector's base URL (http://127.0.0.1:4318). `spans` and `metrics` take the
    place of the exporters (tests).
    """
    base = endpoint.rstrip("/")
    with _quiet(), requests.Session() as session:
        session.max_redirects = 0
        spans = spans or OTLPSpanExporter(
            f"{base}/v1/traces", timeout=TIMEOUT_SECONDS, session=session
        )
        metrics = metrics or OTLPMetricExporter(
            f"{base}/v1/metrics", timeout=TIMEOUT_SECONDS, session=session
        )
        resource = Resource.create({"service.name": _NAME, "service.version": _VERSION})
        traced = spans.export(_trace(ending, resource)) is SpanExportResult.SUCCESS
        measured = _export_metrics(ending, resource, metrics)
        spans.shutdown()
        metrics.shutdown()
    return traced and measured


class _Kept(SpanProcessor):
    """Keeps the spans, so that one request carries them all."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def _trace(ending: RunSummary, resource: Resource) -> list[ReadableSpan]:
    """Make one span for the run and one under it for each stage."""
    kept = _Kept()
    provider = TracerProvider(resource=resource, sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(kept)
    tracer = provider.get_tracer(_NAME, _VERSION)
    whole = tracer.start_span("bulkcall run", start_time=ending.begun, attributes=_about(ending))
    whole.set_attribute("bulkcall.exit_status", int(ending.exit_status))
    for word, rows in ending.outcomes.items():
        whole.set_attribute(f"bulkcall.rows.{word.value}", rows)
    if ending.exit_status in _BROKEN:
        whole.set_status(Status(StatusCode.ERROR, ending.verdict))
    inside = set_span_in_context(whole)
    for stage in ending.stages:
        span = tracer.start_span(stage.name, context=inside, start_time=stage.begun)
        span.set_attribute("bulkcall.rows", stage.rows)
        if not stage.through:
            span.set_status(Status(StatusCode.ERROR, "cut short"))
        span.end(stage.ended)
    whole.end(ending.ended)
    return kept.spans


def _export_metrics(ending: RunSummary, resource: Resource, exporter: MetricExporter) -> bool:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter(_NAME, _VERSION)
    labels = {"bulkcall.profile": ending.profile}
    if ending.channel:
        labels["bulkcall.channel"] = ending.channel
    rows = meter.create_counter("bulkcall.run.rows", "{row}", "Rows by outcome.")
    for word, count in ending.outcomes.items():
        rows.add(count, labels | {"bulkcall.outcome": word.value})
    if ending.run_id:
        requested = meter.create_counter("bulkcall.run.requests", "{request}", "Requests sent.")
        requested.add(ending.requests, labels)
        repeated = meter.create_counter("bulkcall.run.retries", "{request}", "Of them: retries.")
        repeated.add(ending.retries, labels)
        conserved = meter.create_gauge("bulkcall.run.conserved", "1", "1 if no row is lost.")
        conserved.set(int(ending.conserved), labels)
    lasted = meter.create_gauge("bulkcall.run.duration", "s", "How long the command worked.")
    lasted.set(ending.seconds, labels)
    status = meter.create_gauge("bulkcall.run.exit_status", "1", "Exit status.")
    status.set(int(ending.exit_status), labels)
    data = reader.get_metrics_data()
    provider.shutdown()
    return data is not None and exporter.export(data) is MetricExportResult.SUCCESS


def _about(ending: RunSummary) -> dict[str, str | int]:
    told: dict[str, str | int] = {
        "bulkcall.run_id": ending.run_id,
        "bulkcall.profile": ending.profile,
        "bulkcall.channel": ending.channel,
    }
    about = {name: value for name, value in told.items() if value}
    if ending.run_id:
        about |= {"bulkcall.requests": ending.requests, "bulkcall.retries": ending.retries}
    return about


@contextmanager
def _quiet() -> Iterator[None]:
    # The exporter logs addresses and answers; whoever called is told by our own line.
    names = ("opentelemetry", "urllib3")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
