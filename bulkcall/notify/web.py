"""One request to a webhook or a dead-man switch: quick, followed nowhere, its address untold."""

from __future__ import annotations

import logging
import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from bulkcall.notify.errors import NotificationError
from bulkcall.notify.tls import seal
from bulkcall.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkcall.settings import Secret

TIMEOUT_SECONDS = httpx.Timeout(4.0)
"""Seconds for each step of a request."""
PAUSES_SECONDS = (0.5, 1.5)
"""Seconds before the second and the third try, where the first was certainly not taken."""
_HEADERS = {"User-Agent": "bulkcall"}
_TRY_AGAIN = {429, 500, 502, 503, 504}
_EITHER_OR = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")


def post(url: Secret, body: dict[str, Any], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post a JSON body. Raises NotificationError, whose text names the host alone."""
    _ask("POST", url.reveal(), body, sleep)


def send_heartbeat(url: Secret, *, good: bool, sleep: Callable[[float], None] = time.sleep) -> None:
    """Ask for a heartbeat URL, as it stands or as it says that the run failed.

    Raises NotificationError.
    """
    _ask("GET", heartbeat_address(url.reveal(), good=good), None, sleep)


def heartbeat_address(url: str, *, good: bool) -> str:
    """Return the URL for a good or a failed run.

    `{up|down}` in it stands for the first word or the second; without such a choice `/fail` is put
    to the path of a failed run's URL, as healthchecks.io and its kind understand it.
    """
    if _EITHER_OR.search(url):
        return _EITHER_OR.sub(lambda found: found[1 if good else 2], url)
    if good:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail"))


def _ask(
    method: str, url: str, body: dict[str, Any] | None, sleep: Callable[[float], None]
) -> None:
    try:
        host = urlsplit(url).hostname or ""
        local = is_loopback(host)
        if not host or urlsplit(url).scheme not in (("https", "http") if local else ("https",)):
            problem: _Problem | None = _Problem("must be https (http is for this machine only)")
        else:
            # What goes to this machine never passes a proxy on another one.
            client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=not local, verify=seal())
            with _unlogged(), client:
                problem = _once(client, method, url, body)
                for pause in PAUSES_SECONDS:
                    if problem is None or not problem.again:
                        break
                    sleep(pause)
                    problem = _once(client, method, url, body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        # Their texts may show the address, and with it the token that it holds.
        raise NotificationError(f"can't be asked ({type(error).__name__})") from None
    if problem is not None:
        raise NotificationError(f"{host}: {problem}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep httpx from logging the address, where the program that uses us logs such things."""
    here = threading.get_ident()
    logger = logging.getLogger("httpx")

    def others(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger.addFilter(others)
    try:
        yield
    finally:
        logger.removeFilter(others)


class _Problem(Exception):  # noqa: N818 - handed back, not raised
    """Why one try did not do; `again`: another may."""

    def __init__(self, text: str, *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again


def _once(
    client: httpx.Client, method: str, url: str, body: dict[str, Any] | None
) -> _Problem | None:
    try:
        # The answer's body is nobody's business, and may have no end.
        with client.stream(method, url, json=body, headers=_HEADERS) as response:
            status = response.status_code
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return _Problem("can't be reached", again=True)
    except httpx.TimeoutException:
        return _Problem("did not answer in time", again=method == "GET")
    except httpx.TransportError as error:
        return _Problem(f"gave no answer ({type(error).__name__})", again=method == "GET")
    if response.is_success:
        return None
    if response.has_redirect_location:
        return _Problem(f"points elsewhere (HTTP {status}), which is never followed")
    return _Problem(f"answered HTTP {status}", again=status in _TRY_AGAIN)
