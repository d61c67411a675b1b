"""Every error that bulkcall raises on purpose, each with the exit status that it ends in.

::

    BulkcallError
    ├── UsageError            2   wrong usage; nothing was sent
    │   ├── SettingsError     2   a setting is missing or wrong
    │   └── CampaignFileError 2   the campaign file can't be read
    └── StoppedError          1   the run stopped; it can be resumed
        ├── CredentialsError  1   the API does not accept the credentials
        ├── ServerAwayError   1   the API can't be reached, or only turns requests away
        ├── UnreadableError   1   most recent answers of the API can't be read
        ├── TurnedDownError   1   most rows end the same bad way, or the canary did
        ├── LedgerError       1   the ledger can't be opened, read or written
        │   ├── RunHeldError  1   another process is working on the run
        │   └── DiskFullError 1   no room left for the ledger or the report
        └── InterruptedRun    4   a signal or a stop request

The message is one line that says what, where and what to do; `cli/main.py` is the one place that
turns an error into a line and an exit status.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitStatus(IntEnum):
    """What the process ends with (contract: Exit status)."""

    OK = 0
    """Every row is `success` (`validate`: every row is valid)."""
    STOPPED = 1
    """The run stopped on an error; resumable."""
    USAGE = 2
    """Wrong usage, settings or an unreadable campaign file; nothing was sent."""
    NOT_ALL = 3
    """Finished; some rows are not `success` (`validate`: some rows are invalid)."""
    INTERRUPTED = 4
    """Stopped by a signal or a stop request; resumable."""


class StopCause(StrEnum):
    """What stopped a run. The ledger keeps it; programs decide by it, people read the message."""

    SIGNAL = "signal"
    """A signal, or the program that called ours."""
    STOP_REQUEST = "stop_request"
    """`bulkcall stop`."""
    SENDING_HOURS = "sending_hours"
    """The hours in which rows may be sent were over."""
    CANARY = "canary"
    """The canary's rows were not confirmed."""
    REJECTED_SHARE = "rejected_share"
    """Most rows ended the same bad way."""
    UNREADABLE = "unreadable"
    """Most recent answers could not be read."""
    CREDENTIALS = "credentials"
    SERVER_AWAY = "server_away"
    LEDGER = "ledger"
    DISK_FULL = "disk_full"
    OTHER = "other"
    """Any other error, of which the message tells."""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to look before the run continues: a bare `resume` leaves it."""
        return self in {StopCause.CANARY, StopCause.REJECTED_SHARE}

    @property
    def ends_unattended(self) -> bool:
        """Whether an inbox leaves the run: somebody has to look, or somebody asked it to stop."""
        return self.needs_person or self is StopCause.STOP_REQUEST


class BulkcallError(Exception):
    """An error that a user can cause or must act on. Its text is one line for a person."""

    exit_status = ExitStatus.STOPPED


class UsageError(BulkcallError):
    """Wrong usage. Nothing was sent."""

    exit_status = ExitStatus.USAGE


class SettingsError(UsageError):
    """A setting is missing, unknown or wrong."""


class CampaignFileError(UsageError):
    """The campaign file can't be read for certain."""


class StoppedError(BulkcallError):
    """The run stopped before its end; what is written down stays, and resuming goes on."""

    cause = StopCause.OTHER

    def __init__(self, message: str = "", *, cause: StopCause | None = None) -> None:
        """`cause` where it is not the usual one of the class."""
        super().__init__(message)
        if cause is not None:
            self.cause = cause


class CredentialsError(StoppedError):
    """The API does not accept the credentials, even with a token just created."""

    cause = StopCause.CREDENTIALS
    requests: int = 0
    """Requests with records in the call that met it: turned away, and sent all the same."""


class ServerAwayError(StoppedError):
    """The API can't be reached, or has only turned requests away for longer than is allowed."""

    cause = StopCause.SERVER_AWAY


class UnreadableError(StoppedError):
    """Most recent answers can't be read (a maintenance page, say): going on would burn rows."""

    cause = StopCause.UNREADABLE


class TurnedDownError(StoppedError):
    """Going on would burn the campaign: most rows end the same bad way, or the canary did."""

    cause = StopCause.REJECTED_SHARE


class LedgerError(StoppedError):
    """The ledger can't be opened, read or written, or was asked for an impossible step."""

    cause = StopCause.LEDGER


class RunHeldError(LedgerError):
    """Another live process is working on this run."""


class DiskFullError(LedgerError):
    """No room is left for the ledger or the report."""

    cause = StopCause.DISK_FULL


class InterruptedRun(StoppedError):  # noqa: N818 - an interruption, not a fault
    """A signal or a stop request ended the run early."""

    exit_status = ExitStatus.INTERRUPTED
    cause = StopCause.SIGNAL
