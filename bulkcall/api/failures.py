"""Every way a call can fail, as one tree; foreign exceptions become one of these at the border.

::

    ApiFailure                  what happened, in one line; http_status; requests
    ├── NotApplied              the API can't have taken it
    │   ├── Unreachable         no connection: refused, DNS, no route, TLS, connect timeout, proxy
    │   │   ├── BadCertificate  the server's certificate does not fit, or is not trusted
    │   │   └── ProxyRefused    a proxy opens no way to it: credentials of its own, or a rule
    │   ├── NoToken             no token could be had (token call down …); nothing was sent
    │   │   └── Halted          a stop was asked for while it waited for one
    │   ├── RateLimited         429; the limiter is paused already
    │   ├── Unavailable         503, 408, 425
    │   └── ClientError         any other 4xx, and redirects, which are never followed
    │       └── ForbiddenError  403: nothing else will go either, so it ends the run
    ├── BadRequest              400: final for the record; of a batch, one bad record may do it
    └── MaybeApplied            it may have been taken
        ├── NoAnswer            sent, or partly sent, and no whole answer: timeout, reset, closed
        ├── ServerFault         500, 502, 504 and every other 5xx
        └── Unreadable          2xx whose body can't be read: answered, so never sent again blindly

`errors.CredentialsError` stands outside of the tree: it ends the run. For batch status, which
changes nothing, `MaybeApplied` only means that there is no status yet.
"""

from __future__ import annotations

from bulkcall.errors import CredentialsError, ServerAwayError, StoppedError


class ApiFailure(Exception):  # noqa: N818 - the tree says what became of a call
    """A call that did not end well. Its text is one line without any secret or phone number."""

    def __init__(self, message: str, *, http_status: int | None = None, requests: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        """None where no status line came back."""
        self.requests = requests
        """HTTP requests that carried records in this call; 0 where it never got that far."""


class NotApplied(ApiFailure):
    """The API can't have taken it."""


class Unreachable(NotApplied):
    """No connection came about, so nothing was sent."""


class BadCertificate(Unreachable):
    """The server's certificate does not fit its name, or is not trusted."""


class ProxyRefused(Unreachable):
    """A proxy answered that it opens no way to the API: 407, 403 or another 4xx."""


class NoToken(NotApplied):
    """The token call failed for a reason that may pass; the request itself was not sent.

    `retry_after` as in RateLimited.
    """

    def __init__(
        self, message: str, *, http_status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, http_status=http_status, requests=0)
        self.retry_after = retry_after

    @property
    def answered(self) -> bool:
        """Whether the token call was answered with a 4xx (429, say): the server is there.

        An answer that can't be read is none.
        """
        return 400 <= (self.http_status or 0) < 500  # noqa: PLR2004 - the 4xx


class Halted(NoToken):
    """A stop was asked for while the call waited for a token: it says nothing of the server."""


class RateLimited(NotApplied):
    """429. The limiter that it was sent on is paused already; the row loses no try.

    `retry_after`: seconds, from either form of the header; None where absent or nonsense.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = 429,
        retry_after: float | None = None,
        requests: int = 1,
    ) -> None:
        super().__init__(message, http_status=http_status, requests=requests)
        self.retry_after = retry_after


class Unavailable(NotApplied):
    """503, 408, 425: turned away now, may go later. `retry_after` as in RateLimited."""

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = 503,
        retry_after: float | None = None,
        requests: int = 1,
    ) -> None:
        super().__init__(message, http_status=http_status, requests=requests)
        self.retry_after = retry_after


class ClientError(NotApplied):
    """Another 4xx (404, 405, 413 …) or a redirect: the same request will not do better."""


class ForbiddenError(ClientError):
    """403: the API's own word that these credentials lack the right, or a page of somebody else.

    A proxy or filter that answers in the API's place has a page of its own; then nothing is wrong
    with the credentials. Either way the next request would fare no better.
    """

    def __init__(self, message: str, *, by_api: bool) -> None:
        super().__init__(message, http_status=403)
        self.by_api = by_api
        """Whether the body is JSON, as the API's own answers are."""

    def stops(self, base_url: str) -> StoppedError:
        """Return the error that ends the run."""
        if self.by_api:
            return CredentialsError(
                f"these credentials lack the right to this call ({self.message}): have it granted "
                "to the key by your Truecaller admin, or use another one; then resume"
            )
        return ServerAwayError(
            f"{self.message} did not come from the API but from a proxy or filter on the way to "
            f"{base_url}: have it let this address through, then resume"
        )


class BadRequest(ApiFailure):
    """400: the server's own word on this record (or on one record of this batch).

    `message` is the server's message (or a plain line where it gave none), `field` its field or "".
    """

    def __init__(
        self, message: str, *, http_status: int | None = 400, field: str = "", requests: int = 1
    ) -> None:
        super().__init__(message, http_status=http_status, requests=requests)
        self.field = field


class MaybeApplied(ApiFailure):
    """It may have been taken."""


class NoAnswer(MaybeApplied):
    """Sent, or perhaps sent, and no whole answer came: read timeout, reset, closed connection."""


class ServerFault(MaybeApplied):
    """500, 502, 504 or another 5xx: the request may have been applied all the same."""


class Unreadable(MaybeApplied):
    """A 2xx whose body can't be read. It was answered: flag it, never resend it by itself."""
