"""The last run's figures as a text file for the node exporter's textfile collector.

Several profiles may share a file: each run replaces its own profile's figures and no others. What
must outlive a run (when one last went well, how many there were) is read from the file itself.
The text is written and read by prometheus-client. Its own `write_to_textfile` is not used: it knows
one process's figures only, and its unfinished file has a name that can be foreseen.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from bulkcall.errors import ExitStatus
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkcall.run_summary import RunSummary

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]

FAMILIES: Mapping[str, tuple[str, str]] = {
    "bulkcall_run_info": ("gauge", "The last run of the profile, named by its labels."),
    "bulkcall_run_rows": ("gauge", "Rows of the last run by outcome."),
    "bulkcall_run_requests": ("gauge", "Requests of the last run that carried records."),
    "bulkcall_run_retries": ("gauge", "Those of them that were not the first try."),
    "bulkcall_run_duration_seconds": ("gauge", "How long the last command worked on its run."),
    "bulkcall_run_stage_duration_seconds": ("gauge", "The same by stage; stages may overlap."),
    "bulkcall_run_exit_status": ("gauge", "Exit status of the last command."),
    "bulkcall_run_conserved": ("gauge", "1 if every row is accounted for exactly once."),
    "bulkcall_run_end_timestamp_seconds": ("gauge", "When the last command ended."),
    "bulkcall_last_finished_timestamp_seconds": (
        "gauge",
        "When a run last went through to its end (exit status 0 or 3).",
    ),
    "bulkcall_last_success_timestamp_seconds": (
        "gauge",
        "When a run last ended with every row success (exit status 0).",
    ),
    "bulkcall_runs_total": ("counter", "Commands that ended, by exit status."),
}
"""Name → type and help, in the order of the file."""

_FINISHED = (ExitStatus.OK, ExitStatus.NOT_ALL)
_LASTING = (
    "bulkcall_last_finished_timestamp_seconds",
    "bulkcall_last_success_timestamp_seconds",
    "bulkcall_runs_total",
)
LOCK_SECONDS = 5.0
"""How long a run that ends waits for another one to write its figures: no figure is worth more."""


def write_metrics(ending: RunSummary, path: Path) -> None:
    """Put a run's figures into the file; a reader sees the old file or the new one, whole.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        old = _read(path)
        others = {key: value for key, value in old.items() if _profile(key) != ending.profile}
        own = {key: value for key, value in old.items() if _profile(key) == ending.profile}
        _replace(path, rendered(others | samples(ending, own)))


def samples(ending: RunSummary, before: Samples) -> Samples:
    """Return a run's figures; `before` are the profile's figures up to now."""
    own = (("profile", ending.profile),)
    at = ending.ended / 1e9
    figures = {key: value for key, value in before.items() if key[0] in _LASTING}

    def put(name: str, value: float, *labels: tuple[str, str]) -> None:
        figures[f"bulkcall_{name}", tuple(sorted((*own, *labels)))] = value

    put("run_exit_status", ending.exit_status)
    put("run_duration_seconds", ending.seconds)
    put("run_end_timestamp_seconds", at)
    if ending.run_id:
        put("run_info", 1, ("run_id", ending.run_id), ("channel", ending.channel))
        for word, rows in ending.outcomes.items():
            put("run_rows", rows, ("outcome", word.value))
        put("run_requests", ending.requests)
        put("run_retries", ending.retries)
        put("run_conserved", int(ending.conserved))
    for name in dict.fromkeys(stage.name for stage in ending.stages):
        seconds = sum(stage.seconds for stage in ending.stages if stage.name == name)
        put("run_stage_duration_seconds", seconds, ("stage", name))
    if ending.exit_status in _FINISHED:
        put("last_finished_timestamp_seconds", at)
    if ending.exit_status is ExitStatus.OK:
        put("last_success_timestamp_seconds", at)
    for status in ExitStatus:
        # From the first run on, so that a rate sees the first failure too.
        labels = tuple(sorted((*own, ("exit_status", str(int(status))))))
        count = before.get(("bulkcall_runs_total", labels), 0)
        figures["bulkcall_runs_total", labels] = count + (status is ending.exit_status)
    return figures


class _Figures(Collector):
    """Figures as prometheus-client takes them."""

    def __init__(self, figures: Samples) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield one family after the other, in the order of the file."""
        for name, (kind, help_text) in FAMILIES.items():
            family = Metric(name.removesuffix("_total"), help_text, kind)
            found = sorted(item for item in self._figures.items() if item[0][0] == name)
            for (_, labels), value in found:
                family.add_sample(name, dict(labels), value)
            if found:
                yield family


def rendered(figures: Samples) -> bytes:
    """Return the file's content, in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures))
    return generate_latest(registry)


def parsed(text: str) -> Samples:
    """Read such a text; lines of other families or another form are left out."""
    figures: Samples = {}
    for line in text.split("\n"):
        try:  # line by line: a damaged one takes no other with it
            found = [s for of in text_string_to_metric_families(f"{line}\n") for s in of.samples]
        except (ValueError, IndexError, KeyError):
            continue
        for sample in found:
            if sample.name in FAMILIES:
                figures[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return figures


def _profile(key: tuple[str, Labels]) -> str | None:
    return dict(key[1]).get("profile")


def _read(path: Path) -> Samples:
    try:
        return parsed(path.read_bytes().decode("utf-8", "replace"))
    except FileNotFoundError:
        return {}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep two runs that end at one moment from losing each other's figures."""
    lock = file_lock.open_lock_file(path.with_name(f".{path.name}.lock"))
    try:
        if not file_lock.lock(lock, timeout_seconds=LOCK_SECONDS):
            raise TimeoutError(errno.ETIMEDOUT, "somebody else keeps it locked", str(path))
        yield
    finally:
        os.close(lock)


def _replace(path: Path, content: bytes) -> None:
    # The collector reads *.prom only, so it never sees the unfinished file.
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        part.chmod(0o644)  # the node exporter is another user
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
