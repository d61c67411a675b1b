"""Run the Airflow and the Prefect example against a sandbox on this machine (`make examples`).

Each is run in a process of its own, with folders of its own, all telemetry off and the sandbox's
credentials: once as it is, and once where no token is to be had at first, so that a retry resumes.
Ends with a line for each, and status 0 if all went as it should.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bulkcall.sandbox.process import Running, running

HERE = Path(__file__).parent
ROWS = 40

_AIRFLOW = """
import json, sys
from datetime import timedelta
sys.path.insert(0, {here!r})
import airflow_dag
dag = airflow_dag.nightly
for each in dag.tasks:
    each.retry_delay = timedelta(0)
run = dag.test(run_conf={{"file": {file!r}}})
print("STATE", run.state)
"""

_PREFECT = """
import sys
sys.path.insert(0, {here!r})
from prefect.testing.utilities import prefect_test_harness
import prefect_flow
for name in ("send", "ask_again"):
    setattr(prefect_flow, name, getattr(prefect_flow, name).with_options(retry_delay_seconds=0.1))
with prefect_test_harness(server_startup_timeout=120):
    print("STATE", "success" if prefect_flow.nightly_campaign({file!r})["success"] else "failed")
"""


def main() -> int:
    """Run what was asked for; 0 if all of it worked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("which", nargs="*", default=["airflow", "prefect"])
    wanted = parser.parse_args().which
    good = True
    with running(processing_min_ms=0, processing_max_ms=20, rules="none") as sandbox:
        for which in wanted:
            for trouble in (False, True):
                with tempfile.TemporaryDirectory(prefix=f"bulkcall-{which}-") as folder:
                    good &= _check(which, Path(folder), sandbox, trouble=trouble)
    return 0 if good else 1


def _check(which: str, folder: Path, sandbox: Running, *, trouble: bool) -> bool:
    sandbox.reset()
    environment = _environment(folder) | sandbox.environment()
    file = folder / "campaign.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = [["911140000000", f"9876543{i:02d}1", "Acme Bank"] for i in range(ROWS)]
        csv.writer(stream).writerows([["caller", "receiver", "label"], *rows])
    if which == "airflow":
        _run([str(Path(sys.executable).with_name("airflow")), "db", "migrate"], folder, environment)
    if trouble:
        # No token is to be had at first: the first try stops, a later one takes it up.
        environment["BULKCALL_FIRST_CONTACT_TIMEOUT"] = "0"
        sandbox.order("status@token,status=503,times=2")
    script = {"airflow": _AIRFLOW, "prefect": _PREFECT}[which]
    script = script.format(here=str(HERE), file=str(file))
    told = _run([sys.executable, "-c", script], folder, environment)
    runs = json.loads(
        _run([sys.executable, "-m", "bulkcall", "runs", "--json"], folder, environment)
    )["runs"]
    taken = sum(entry.applied and entry.call == "batch_create" for entry in sandbox.journal())
    good = "STATE success" in told.lower().replace("state", "STATE") and len(runs) == 1 == taken
    resumed = trouble and "resumes" in told
    line = f"{which}{' with an outage' if trouble else ''}: {'ok' if good else 'FAILED'}"
    print(line, f"({len(runs)} run, {taken} batch taken{', resumed' if resumed else ''})")
    if not good or (trouble and not resumed):
        print(told[-4000:])
    return good and (resumed or not trouble)


def _environment(folder: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return keep | {
        "HOME": str(folder),
        "BULKCALL_LEDGER": str(folder / "ledger.db"),
        "BULKCALL_OUT": str(folder / "runs/{run_id}"),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if "-c" in command else subprocess.PIPE,
        text=True,
        check=False,
        timeout=400,
    )
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
