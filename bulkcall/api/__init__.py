"""The HTTP side: client, tokens, wire forms, failures."""

from bulkcall.api.answers import BatchAnswer, RealtimeAnswer, StatusAnswer
from bulkcall.api.client import Api, TokenLog
from bulkcall.api.failures import (
    ApiFailure,
    BadCertificate,
    Halted,
    InDoubt,
    NoAnswer,
    NoToken,
    NotTaken,
    RateLimited,
    Refused,
    ServerFault,
    TurnedDown,
    Unavailable,
    Unreachable,
    Unreadable,
)
from bulkcall.api.slots import Slot

__all__ = [
    "Api",
    "ApiFailure",
    "BadCertificate",
    "BatchAnswer",
    "Halted",
    "InDoubt",
    "NoAnswer",
    "NoToken",
    "NotTaken",
    "RateLimited",
    "RealtimeAnswer",
    "Refused",
    "ServerFault",
    "Slot",
    "StatusAnswer",
    "TokenLog",
    "TurnedDown",
    "Unavailable",
    "Unreachable",
    "Unreadable",
]
