"""Telling people how a run ended: webhook, e-mail, heartbeat. It never fails a run."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

from bulkcall.notify.errors import NotificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.run_summary import RunSummary
    from bulkcall.settings import Settings

__all__ = ["notify", "send_heartbeat", "wanted"]

PATIENCE_SECONDS = 20.0
"""Seconds that all telling may take together; what has not ended by then is left behind."""


def notify(
    ending: RunSummary, settings: Settings, *, patience: float = PATIENCE_SECONDS
) -> list[str]:
    """Tell whom the settings name, if they want to be told of this ending.

    Returns one line for whatever could not be told; raises nothing. A heartbeat is given for every
    ending, good or bad.
    """
    jobs: dict[str, Callable[[], None]] = {}
    if wanted(ending, settings):
        if settings.notify_webhook:
            jobs["notify_webhook"] = lambda: _post(ending, settings)
        if settings.notify_email_to:
            jobs["notify_email_to"] = lambda: _mail(ending, settings)
    if settings.heartbeat_url:
        jobs["heartbeat_url"] = lambda: _ask_heartbeat(settings, good=not ending.failed)
    return _together(jobs, patience)


def send_heartbeat(
    settings: Settings, *, good: bool, patience: float = PATIENCE_SECONDS
) -> list[str]:
    """Send a heartbeat alone: for a night in which there was nothing to run. As `notify`."""
    if not settings.heartbeat_url:
        return []
    return _together({"heartbeat_url": lambda: _ask_heartbeat(settings, good=good)}, patience)


def wanted(ending: RunSummary, settings: Settings) -> bool:
    """Return whether people want to hear of this ending (`notify_on`)."""
    if settings.notify_on == "always":
        return True
    if settings.notify_on == "never":
        return False
    if ending.failed:
        return True
    share = ending.bad_share
    return settings.notify_on == "threshold" and share > 0 and share >= settings.notify_error_share


def _together(jobs: dict[str, Callable[[], None]], patience: float) -> list[str]:
    """Do all of it side by side; a thread that hangs does not keep the process."""
    problems: dict[str, str] = {}

    def do(name: str, job: Callable[[], None]) -> None:
        try:
            job()
        except NotificationError as error:
            problems[name] = f"{name}: nobody was told: {error}"
        except Exception as error:  # noqa: BLE001 - telling never fails a run; texts may hold secrets
            problems[name] = f"{name}: nobody was told: internal error ({type(error).__name__})"

    end = monotonic() + patience
    threads = {
        name: threading.Thread(target=do, args=(name, job), name=f"bulkcall-{name}", daemon=True)
        for name, job in jobs.items()
    }
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, end - monotonic()))
        if thread.is_alive():
            problems[name] = f"{name}: nobody was told: no end within {patience:.0f} s"
    return [problems[name] for name in jobs if name in problems]


def _post(ending: RunSummary, settings: Settings) -> None:
    from bulkcall.notify.chats import FORMS  # noqa: PLC0415 - what is not wanted is not loaded
    from bulkcall.notify.message import message  # noqa: PLC0415
    from bulkcall.notify.web import post  # noqa: PLC0415

    post(settings.notify_webhook, FORMS[settings.notify_format](message(ending), ending))


def _mail(ending: RunSummary, settings: Settings) -> None:
    from bulkcall.notify.mail import send_mail  # noqa: PLC0415
    from bulkcall.notify.message import message  # noqa: PLC0415

    send_mail(message(ending), settings)


def _ask_heartbeat(settings: Settings, *, good: bool) -> None:
    from bulkcall.notify.web import send_heartbeat as ask  # noqa: PLC0415

    ask(settings.heartbeat_url, good=good)
