"""The HTTP side: client, tokens, wire forms, failures."""

from bulkcall.api.answers import BatchAnswer, RealtimeAnswer, StatusAnswer
from bulkcall.api.client import Api, TokenLog
from bulkcall.api.failures import (
    ApiFailure,
    BadCertificate,
    BadRequest,
    ClientError,
    Halted,
    MaybeApplied,
    NoAnswer,
    NotApplied,
    NoToken,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreachable,
    Unreadable,
)
from bulkcall.api.token_session import TokenSession

__all__ = [
    "Api",
    "ApiFailure",
    "BadCertificate",
    "BadRequest",
    "BatchAnswer",
    "ClientError",
    "Halted",
    "MaybeApplied",
    "NoAnswer",
    "NoToken",
    "NotApplied",
    "RateLimited",
    "RealtimeAnswer",
    "ServerFault",
    "StatusAnswer",
    "TokenLog",
    "TokenSession",
    "Unavailable",
    "Unreachable",
    "Unreadable",
]
