"""Figures for machines: a Prometheus text file, and OpenTelemetry where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.metrics.stages import Stopwatch

if TYPE_CHECKING:
    from bulkcall.run_summary import RunSummary
    from bulkcall.settings import Settings

__all__ = ["Stopwatch", "write"]


def write(ending: RunSummary, settings: Settings) -> list[str]:
    """Write and send a run's figures as the settings say; gives a line for whatever failed."""
    problems = [_write_file(ending, settings.metrics_file), _send(ending, settings.otlp_endpoint)]
    return [problem for problem in problems if problem]


def _write_file(ending: RunSummary, metrics_file: str) -> str:
    if not metrics_file:
        return ""
    from bulkcall.metrics.prometheus import write_metrics  # noqa: PLC0415 - where it is wanted

    try:
        write_metrics(ending, Path(metrics_file).expanduser())
    except OSError as error:
        return f"metrics_file {metrics_file}: can't be written ({error.strerror or error})"
    return ""


def _send(ending: RunSummary, endpoint: str) -> str:
    if not endpoint:
        return ""
    try:
        from bulkcall.metrics.otlp import export  # noqa: PLC0415 - an optional extra
    except ImportError:
        return "otlp_endpoint is set, but OpenTelemetry is not there: install bulkcall[otel]"
    if export(ending, endpoint):
        return ""
    return "otlp_endpoint: the collector did not take the run's metrics and trace"
