"""The HTTP side: client, tokens, wire forms, failures."""

from bulkcall.api.client import Api
from bulkcall.api.failures import (
    ApiFailure,
    BadCertificate,
    BadRequest,
    ClientError,
    ForbiddenError,
    Halted,
    MaybeApplied,
    NoAnswer,
    NotApplied,
    NoToken,
    ProxyRefused,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreachable,
    Unreadable,
)
from bulkcall.api.labels import Label, LabelCache, LabelListing
from bulkcall.api.responses import BatchAnswer, RealtimeAnswer, StatusAnswer
from bulkcall.api.token_issuer import TokenLog
from bulkcall.api.token_session import TokenSession, default_state_dir
from bulkcall.api.unreadable_answers import (
    BATCH_LIMITS,
    REALTIME_LIMITS,
    STATUS_LIMITS,
    UnreadableAnswers,
)

__all__ = [
    "BATCH_LIMITS",
    "REALTIME_LIMITS",
    "STATUS_LIMITS",
    "Api",
    "ApiFailure",
    "BadCertificate",
    "BadRequest",
    "BatchAnswer",
    "ClientError",
    "ForbiddenError",
    "Halted",
    "Label",
    "LabelCache",
    "LabelListing",
    "MaybeApplied",
    "NoAnswer",
    "NoToken",
    "NotApplied",
    "ProxyRefused",
    "RateLimited",
    "RealtimeAnswer",
    "ServerFault",
    "StatusAnswer",
    "TokenLog",
    "TokenSession",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "UnreadableAnswers",
    "default_state_dir",
]
