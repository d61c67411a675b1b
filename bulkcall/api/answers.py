"""What the API's good answers are read into. Failures are `failures.ApiFailure`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RealtimeAnswer:
    """A real-time call that was answered with a 2xx that could be read (api.md, Calls)."""

    success: bool
    """True only where the server's own word is `success`."""
    http_status: int
    message: str = ""
    field: str = ""
    requests: int = 1
    """HTTP requests that carried the record in this call (2 after a token was replaced)."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """A batch that the API took."""

    batch_id: str
    http_status: int
    requests: int = 1


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A batch's status as the server tells it; each of `records` is an object, else unchecked."""

    http_status: int
    records: list[dict[str, object]]
    """The elements of `data` as they came, in the server's order; numbers may be masked."""
    odd: int = 0
    """Elements of `data` that were no objects, left out of `records`."""
    requests: int = 1
    envelope: Mapping[str, object] = field(default_factory=dict)
    """The other members of the answer (`client_account_id`, `batch_id`)."""
