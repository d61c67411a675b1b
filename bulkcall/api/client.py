"""The API's four calls over HTTP. Knows no file and no ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from bulkcall.api.answers import BatchAnswer, RealtimeAnswer, StatusAnswer
    from bulkcall.clock import Clock
    from bulkcall.pace import Lane, Turn
    from bulkcall.progress import Progress, Stop
    from bulkcall.records import CallRecord
    from bulkcall.settings import Settings


class TokenLog(Protocol):
    """What the token cap needs to remember across runs and crashes; the ledger implements it."""

    def token_creations(self, account: str, since: int) -> list[int]:
        """Epoch ms of each token creation of an account since then, oldest first."""
        ...

    def note_token_creation(self, account: str, at: int) -> None:
        """Write down, before asking for it, that a token is created now."""
        ...


class Slot:
    """One token's place: its own three paced lanes. The token is got when first needed."""

    number: int
    realtime: Lane
    batch: Lane
    status: Lane


class Api:
    """The API of one client account. An async context manager; close it when done.

    ::

        async with Api(settings, clock, token_log=ledger) as api:
            await api.open_slots()
            slot = api.slots[0]
            turn = await slot.realtime.turn(stop)
            try:
                answer = await api.send_record(slot, record, turn)
            finally:
                turn.give_back()
    """

    slots: Sequence[Slot]
    """One for each of `settings.tokens` (one only with a ready token)."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        token_log: TokenLog,
        transport: httpx.AsyncBaseTransport | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(self, *exc: object) -> None:
        raise NotImplementedError

    async def open_slots(self) -> None:
        """Get every slot's token ahead, side by side within the cap, and open connections.

        Raises CredentialsError, StoppedError, ApiFailure (NoToken …). If the cap leaves room for
        fewer tokens than settings.tokens, the first slots get theirs, the others are left out of
        `slots` and a note tells so; with room for none it waits, or raises StoppedError.
        """
        raise NotImplementedError

    async def send_record(self, slot: Slot, record: CallRecord, turn: Turn) -> RealtimeAnswer:
        """Send one record; `turn` comes from `slot.realtime`.

        Raises ApiFailure, CredentialsError.
        """
        raise NotImplementedError

    async def create_batch(
        self, slot: Slot, records: Sequence[CallRecord], turn: Turn
    ) -> BatchAnswer:
        """Send one batch (at most 500 records); `turn` comes from `slot.batch`.

        Raises ApiFailure, CredentialsError.
        """
        raise NotImplementedError

    async def batch_status(
        self, slot: Slot, batch_id: str, stop: Stop | None = None
    ) -> StatusAnswer:
        """Ask for a batch's status, after waiting for a turn of `slot.status`.

        Raises ApiFailure, CredentialsError, StopAsked.
        """
        raise NotImplementedError
