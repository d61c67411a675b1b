"""What a user asks of a run, and what comes back."""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bulkcall.errors import BulkcallError, ExitStatus, SettingsError
from bulkcall.ledger import NewRun
from bulkcall.records import Channel, OnUnknown, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkcall.ledger import RunInfo
    from bulkcall.records import CampaignFile
    from bulkcall.report import Report
    from bulkcall.run.reading import ReadOptions
    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a user may ask of one run (contract: Commands)."""

    channel: Channel = Channel.BATCH
    out: Path | None = None
    """Where the report goes; `bulkcall-runs/<run id>/` by default."""
    dry_run: bool = False
    canary: int = 0
    resend: bool = False
    allow_duplicates: bool = False
    max_invalid: str | None = None
    on_unknown: OnUnknown = OnUnknown.RESEND
    run_id: str = ""
    """What the run is to be called; empty: a new name (`new_run_id`)."""
    sha256: str = ""
    """The content that the file must have, where the caller looked at it before; empty: any."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run stands: its report, the report's files, and the error that stopped it, if any."""

    report: Report
    files: Mapping[str, Path]
    """File name → path."""
    folder: Path
    error: BulkcallError | None = None
    notes: tuple[str, ...] = ()
    """Lines that a person should read: what is wrong with the file in general, what was skipped."""

    @property
    def exit_status(self) -> ExitStatus:
        """The contract's exit status of this run."""
        if self.error is not None:
            return self.error.exit_status
        if self.report.outcomes[Outcome.SUCCESS] == self.report.rows and self.report.conserved:
            return ExitStatus.OK
        return ExitStatus.NOT_ALL


def new_run_id(at: int) -> str:
    """Name a run that begins now (epoch milliseconds)."""
    began = datetime.fromtimestamp(at / 1000, UTC)
    # Sorts by time, tells people the day, and can't clash: two runs may begin in one second.
    return f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def new_run(
    file: CampaignFile, source: ReadOptions, options: RunOptions, settings: Settings, *, at: int
) -> NewRun:
    """Put together what the ledger is told when a run begins."""
    run_id = options.run_id or new_run_id(at)
    out = options.out or out_folder(settings, run_id, source.file, at)
    return NewRun(
        run_id=run_id,
        # A name need not be UTF-8; the way to the file itself stands in `file_facts`.
        file=source.file.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        sha256=file.sha256,
        channel=options.channel,
        columns=file.columns,
        fields={str(name): index for name, index in file.fields.items()},
        account=settings.client_account_id,
        base_url=settings.base_url,
        out_dir=str(out.absolute()),
        started_at=at,
        own_times=source.own_times,
        on_unknown=options.on_unknown,
        resend=options.resend,
        canary=options.canary,
        dry_run=options.dry_run,
        profile=settings.profile,
        file_facts={
            "kind": file.kind,
            "size": file.size,
            "encoding": file.encoding,
            "delimiter": file.delimiter,
            "sheet": file.sheet,
            "notes": list(file.notes),
            "source": asdict(source) | {"file": str(Path(source.file).absolute())},
            "allow_duplicates": options.allow_duplicates,
            "max_invalid": options.max_invalid,
        },
    )


def out_folder(settings: Settings, run_id: str, file: str, at: int) -> Path:
    """Name the folder of a run's files after the setting `out`, or `bulkcall-runs/<run id>`.

    `{file}` is the campaign file's name up to its first dot, `{date}` the day (YYYY-MM-DD) in
    `settings.timezone`.
    """
    if not settings.out:
        return Path("bulkcall-runs") / run_id
    day = datetime.fromtimestamp(at / 1000, ZoneInfo(settings.timezone or "UTC")).date()
    name = Path(file).name
    stem = name.lstrip(".").partition(".")[0] or "campaign"
    filled = {"run_id": run_id, "file": stem, "date": day.isoformat()}
    pattern = re.sub(r"\{(\w+)\}", lambda found: filled[found[1]], settings.out)
    return Path(pattern).expanduser()


def require_credentials(settings: Settings, run: RunInfo | None = None) -> None:
    """Raise SettingsError where something that sending needs is not set.

    A `run` that is taken up again must be of the account that is set: its rows belong to no other.
    """
    missing = [] if settings.client_account_id else ["BULKCALL_CLIENT_ACCOUNT_ID"]
    if not settings.token and not (settings.key_id and settings.api_key):
        missing.append("BULKCALL_KEY_ID and BULKCALL_API_KEY (or BULKCALL_TOKEN)")
    if missing:
        raise SettingsError(
            f"not set: {', '.join(missing)}; set them in the environment or in bulkcall.toml. "
            "`bulkcall demo` needs none"
        )
    if run is not None and run.account != settings.client_account_id:
        profile = f", --profile {run.profile}" if run.profile else ""
        raise SettingsError(
            f"run {run.run_id} belongs to the client account {run.account}, and "
            f"{settings.client_account_id} is set; set BULKCALL_CLIENT_ACCOUNT_ID{profile}"
        )


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Give the event loop to send on: uvloop's, where it exists."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - does not exist on Windows

    return uvloop.new_event_loop


def rows_per_second(settings: Settings, channel: Channel) -> float:
    """Give how many rows a second the account's limits allow with all its tokens."""
    tokens = 1 if settings.token else settings.tokens
    if channel is Channel.REALTIME:
        return tokens * settings.realtime_per_second
    return tokens * settings.batch_per_minute * settings.batch_size / 60


_PACKED_MORE = 10
"""How much larger than itself a packed file (gz, zip, a workbook) is taken to be."""
_ROOM = 32 << 20
"""Bytes of disk that any run is given beside its rows."""


def room_for(file: CampaignFile) -> int:
    """Estimate the bytes that a run of this file takes in the ledger: its cells and its rows."""
    plain = file.size if file.kind == "csv" else file.size * _PACKED_MORE
    return _ROOM + 2 * plain
