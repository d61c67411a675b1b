"""What every stage of one run works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.clock import SystemClock
from bulkcall.progress import NullProgress, StopToken

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The account's settings, the ledger, time, who watches, who may ask to stop, and the notes."""

    settings: Settings
    ledger: Ledger
    clock: Clock = field(default_factory=SystemClock)
    progress: Progress = field(default_factory=NullProgress)
    stop: StopToken = field(default_factory=StopToken)
    notes: list[str] = field(default_factory=list)
    """Lines for a person that end up in the result: damage found in the file, rows in doubt."""
