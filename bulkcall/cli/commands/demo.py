"""`bulkcall demo`: sandbox and sample campaign through the whole pipeline."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import Given, common
from bulkcall.errors import ExitStatus
from bulkcall.records import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command(
    name="demo",
    cls=Command,
    examples=(
        "demo",
        "demo --channel realtime --out demo-report",
    ),
)
@click.option(
    "--channel",
    type=click.Choice([c.value for c in Channel]),
    default=Channel.BATCH.value,
    show_default=True,
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write the report."
)
@common()
def command(given: Given, *, channel: str, out: Path | None) -> ExitStatus:
    """Send a sample campaign to the sandbox and show the report: no credentials, no network.

    Exit status: 0 if the demonstration ran to its end, whatever its rows ended as.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals
    from bulkcall.sandbox import SandboxOptions
    from bulkcall.sandbox.process import running
    from bulkcall.settings import Secret, Settings

    with _sample_file() as file, tempfile.TemporaryDirectory(prefix="bulkcall-demo-") as folder:
        given.console.line("info", "starting the sandbox on this machine; nothing leaves it")
        with running(SandboxOptions()) as sandbox:
            settings = Settings(
                base_url=sandbox.base_url,
                client_account_id=sandbox.client_account_id,
                key_id=Secret(sandbox.key_id),
                api_key=Secret(sandbox.api_key),
                tokens=4,
                timezone="Asia/Kolkata",
                ledger=str(Path(folder) / "demo.db"),
                reconcile_timeout=10.0,
                request_timeout=5.0,
                keep_tokens=False,
            )
            with stopping_on_signals(given.console) as stop:
                result = app.run(
                    file,
                    settings=settings,
                    channel=channel,
                    out=out,
                    start="now",
                    window="8h",
                    demo=True,
                    progress=progress_for(given.console),
                    stop=stop,
                )
            status = result.error.exit_status if result.error else ExitStatus.OK
            return show(replace(given, settings=settings), result, status=status)


@contextmanager
def _sample_file() -> Iterator[Path]:
    """Yield the sample campaign: of the installed package, or of the repository one works in."""
    from importlib import resources

    packaged = resources.files("bulkcall").joinpath("sample_data/campaign.csv")
    if packaged.is_file():
        with resources.as_file(packaged) as file:
            yield file
    else:
        yield Path(__file__).parents[3] / "sample_data" / "campaign.csv"
