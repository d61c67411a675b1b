"""A nightly campaign as an Airflow DAG (Airflow 3): check, send, ask again.

Copy it into the folder of your DAGs and install bulkcall where the workers run. Settings come from
the workers' environment or their bulkcall.toml; the ledger must be one that every worker reaches:
a local file with one worker, else PostgreSQL.

A try that failed, or whose worker died, is resumed by the next one: the run is named after the DAG
run, so that no retry sends anything anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

import bulkcall
from bulkcall.errors import BulkcallError, UsageError
from bulkcall.records import Outcome

NOT_FINAL = (Outcome.PENDING, Outcome.UNKNOWN, Outcome.MISSING)


def send_or_resume(file: str, run_id: str, **options: Any) -> Any:
    """Begin the run of this name, or take it up where an earlier try left it."""
    with bulkcall.open_ledger() as ledger:
        begun = any(run.run_id == run_id for run in ledger.runs(limit=10_000))
    return bulkcall.resume(run_id) if begun else bulkcall.run(file, run_id=run_id, **options)


@task(retries=0)
def check() -> str:
    """Fail early, and for good, where the file is not fit to be sent."""
    file = str(get_current_context()["params"]["file"])
    try:
        checked = bulkcall.validate(file, start="now", window="8h")
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    if not checked.valid:
        raise AirflowFailException(f"{file}: none of {checked.rows:,} rows is valid")
    return file


@task(retries=5, retry_delay=timedelta(minutes=10))
def send(file: str) -> dict[str, Any]:
    """Send; exit statuses 1 and 4 are tried again (and so resumed), 2 is not."""
    day = get_current_context()["dag_run"].run_id
    run_id = "airflow-" + "".join(c if c.isalnum() else "-" for c in day)
    try:
        result = send_or_resume(file, run_id, start="now", window="8h", max_invalid="20%")
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    except BulkcallError as error:
        raise AirflowException(str(error)) from error
    if result.error is not None:
        raise AirflowException(f"{result.error}; the next try resumes {run_id}")
    return {
        "run_id": run_id,
        "verdict": result.report.verdict,
        "report": str(result.files["report.html"]),
        "outcomes": {str(word): count for word, count in result.report.outcomes.items()},
    }


@task(retries=3, retry_delay=timedelta(hours=1))
def ask_again(sent: dict[str, Any]) -> dict[str, int]:
    """Ask for what was not final; sends nothing, so it may be tried at any time."""
    if not any(sent["outcomes"][word] for word in NOT_FINAL):
        return dict(sent["outcomes"])
    result = bulkcall.reconcile(sent["run_id"])
    if result.report.outcomes[Outcome.PENDING]:
        raise AirflowException(f"still pending: {result.report.verdict}")
    return {str(word): count for word, count in result.report.outcomes.items()}


@dag(
    schedule="30 20 * * *",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 - Airflow reads it in its own time zone
    catchup=False,  # a campaign of last week must not go out today
    max_active_runs=1,
    params={"file": Param("/srv/campaigns/tonight.csv", type="string")},
    tags=["bulkcall"],
)
def nightly_campaign() -> None:
    """Send tonight's campaign file and say what became of every row."""
    ask_again(send(check()))


nightly = nightly_campaign()
