"""What the tests of the api share: an Api on a scripted transport and a clock that moves itself."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx
import orjson

from bulkcall.api import Api
from bulkcall.clock import ManualClock
from bulkcall.records import CallRecord
from bulkcall.settings import Secret, Settings

NOW = 1_700_000_000_000
KEY_ID = "0c7b2f6e-key-id-secret"
API_KEY = "91d0a2c4-api-key-secret"
RECORD = CallRecord(
    "919876543210",
    "919812345678",
    NOW,
    NOW + 3_600_000,
    label_id="7f5d9a9e-8c3f-4c7a-9a3a-0d8f3a1f2b11",
    dynamic_label_name="Courier",
    dynamic_call_reason="Your parcel arrives",
)
SUCCESS = {
    "status_info": {"status": "success", "message": "Record processed successfully"}
}  # api.md, Calls


class Log:
    """A token log in memory."""

    def __init__(self, *noted):
        self.noted = list(noted)

    def token_creations(self, account, since):
        """Give what was noted."""
        return [at for at in self.noted if at >= since]

    def note_token_creation(self, account, at):
        """Note one."""
        self.noted.append(at)

    def forget_token_creation(self, account, at):
        """Take one back."""
        self.noted.remove(at)


class Notes:
    """Progress that keeps the notes."""

    def __init__(self):
        self.lines = []

    def begin(self, stage, total):
        """Ignore."""

    def advance(self, stage, rows):
        """Ignore."""

    def end(self, stage):
        """Ignore."""

    def note(self, text):
        """Keep the line."""
        self.lines.append(text)


def settings(**changes):
    """Make settings that point nowhere real."""
    given = {
        "base_url": "https://api.example.invalid",
        "client_account_id": "acc/1",
        "key_id": Secret(KEY_ID),
        "api_key": Secret(API_KEY),
        **changes,
    }
    return Settings(**given)


class Server:
    """A scripted server: answers token calls by itself, the others by `answer`."""

    def __init__(self, answer=None, token=None):
        self.requests = []
        self.tokens = 0
        self.revoked = set()
        self.bearers = []
        """The token of each request that was no token call."""
        self._answer = answer or (lambda request: httpx.Response(200, json=SUCCESS))
        self._token = token

    async def __call__(self, request):
        """Answer a request."""
        self.requests.append(request)
        if request.url.path.endswith("/token"):
            self.tokens += 1
            if self._token is not None:
                return self._token(request)
            return httpx.Response(200, json={"token": f"token-number-{self.tokens}"})
        # Noted now: a request that goes again is the same object with another token.
        self.bearers.append(request.headers["authorization"].removeprefix("Bearer "))
        if self.bearers[-1] in self.revoked:
            return httpx.Response(401, json=LOGIN_AGAIN)
        answered = self._answer(request)
        return await answered if hasattr(answered, "__await__") else answered

    @property
    def sent(self):
        """The requests that were no token calls."""
        return [r for r in self.requests if not r.url.path.endswith("/token")]


LOGIN_AGAIN = {"slug": "authorization-error", "message": "please login again"}  # api.md, Errors


@asynccontextmanager
async def opened(server, *, log=None, clock=None, progress=None, stop=None, **changes):
    """Open an Api on a scripted server."""
    clock = clock or ManualClock(NOW, auto=True)
    async with Api(
        settings(**changes),
        clock,
        token_log=log or Log(),
        transport=httpx.MockTransport(server),
        progress=progress,
        stop=stop,
    ) as api:
        yield api


async def send(api, record=RECORD, slot=0):
    """Send one record under a turn of its own."""
    at = api.slots[slot]
    return await api.send_record(at, record, await at.realtime.acquire())


def body(request):
    """Read a request's JSON."""
    return orjson.loads(request.content)
