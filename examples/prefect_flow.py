"""A nightly campaign as a Prefect flow (Prefect 3): check, send, ask again.

`python examples/prefect_flow.py campaign.csv` runs it once; `nightly_campaign.serve(...)` or a
deployment runs it on a schedule. Settings come from the environment or from bulkcall.toml.

A try that failed, or whose process died, is resumed by the next one: the run is named after the
flow run, so that no retry sends anything anew.
"""

from __future__ import annotations

import sys
from typing import Any

from prefect import flow, get_run_logger, runtime, task

import bulkcall
from bulkcall.errors import BulkcallError, UsageError
from bulkcall.records import Outcome

NOT_FINAL = (Outcome.PENDING, Outcome.UNKNOWN, Outcome.MISSING)


class StoppedRunError(RuntimeError):
    """The run was stopped and can be resumed."""


def worth_a_retry(_task: Any, _run: Any, state: Any) -> bool:
    """Try again after all but wrong usage: that has to be mended first."""
    return not isinstance(state.result(raise_on_failure=False), UsageError)


def send_or_resume(file: str, run_id: str, **options: Any) -> Any:
    """Begin the run of this name, or take it up where an earlier try left it."""
    with bulkcall.open_ledger() as ledger:
        begun = any(run.run_id == run_id for run in ledger.runs(limit=10_000))
    return bulkcall.resume(run_id) if begun else bulkcall.run(file, run_id=run_id, **options)


@task(retries=0)
def check(file: str) -> int:
    """Give the number of rows that may go out."""
    return bulkcall.validate(file, start="now", window="8h").valid


@task(retries=5, retry_delay_seconds=600, retry_condition_fn=worth_a_retry)
def send(file: str, run_id: str) -> dict[str, Any]:
    """Send; what was stopped is tried again, and so resumed."""
    result = send_or_resume(file, run_id, start="now", window="8h", max_invalid="20%")
    if result.error is not None:
        raise StoppedRunError(f"{result.error}; the next try resumes {run_id}")
    return {
        "verdict": result.report.verdict,
        "report": str(result.files["report.html"]),
        "outcomes": {str(word): count for word, count in result.report.outcomes.items()},
    }


@task(retries=3, retry_delay_seconds=3600, retry_condition_fn=worth_a_retry)
def ask_again(run_id: str) -> dict[str, int]:
    """Ask for what was not final; sends nothing, so it may be tried at any time."""
    result = bulkcall.reconcile(run_id)
    if result.report.outcomes[Outcome.PENDING]:
        raise StoppedRunError(f"still pending: {result.report.verdict}")
    return {str(word): count for word, count in result.report.outcomes.items()}


@flow(name="nightly-campaign")
def nightly_campaign(file: str) -> dict[str, int]:
    """Send a campaign file and give how many rows ended with each outcome."""
    log = get_run_logger()
    log.info("%s: %s rows may go out", file, check(file))
    run_id = f"prefect-{runtime.flow_run.id}"
    sent = send(file, run_id)
    log.info("%s; %s", sent["verdict"], sent["report"])
    outcomes: dict[str, int] = sent["outcomes"]
    if any(outcomes[word] for word in NOT_FINAL):
        return ask_again(run_id)
    return outcomes


if __name__ == "__main__":
    try:
        print(nightly_campaign(sys.argv[1]))
    except BulkcallError as error:
        sys.exit(str(error))
