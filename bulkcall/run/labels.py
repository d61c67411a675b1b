"""Asking the account for its labels, and what a run does about rows that name none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.api import ApiFailure, LabelCache, LabelListing, default_state_dir
from bulkcall.errors import BulkcallError, InterruptedRun, StoppedError, UsageError
from bulkcall.ratelimit import StopRequested
from bulkcall.run.deliver import with_api
from bulkcall.run.label_use import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger import RunInfo
    from bulkcall.run.context import RunContext
    from bulkcall.run.label_use import LabelUse, UnknownLabel

FRESH_MS = 10 * 60 * 1000
"""A listing that is younger need not be asked for again, where a person only looks."""


def list_labels(context: RunContext, *, refresh: bool = True) -> LabelListing:
    """Return the account's labels; unless `refresh`, those of some minutes ago will do.

    Raises:
        StoppedError: the API did not list them, or the credentials are not accepted.
    """
    folder = default_state_dir()
    cache = LabelCache(folder, context.settings) if folder is not None else None
    kept = None if refresh or cache is None else cache.load()
    if kept is not None and 0 <= context.clock.now_ms() - kept.listed_at < FRESH_MS:
        return kept
    try:
        listing = with_api(context, lambda api: api.labels())
    except StopRequested as asked:
        raise InterruptedRun(
            f"stopped while the labels were asked for ({context.stop.reason})",
            cause=context.stop.cause,
        ) from asked
    except ApiFailure as failure:
        raise StoppedError(f"the account's labels can't be had: {failure.message}") from failure
    try:
        if cache is not None:
            cache.save(listing)
    except BulkcallError as error:
        context.progress.note(f"the labels can't be kept for the next time ({error})")
    return listing


def unknown_labels(
    context: RunContext, use: LabelUse | None
) -> tuple[tuple[UnknownLabel, ...], tuple[str, ...]]:
    """Return which ids the account does not have, and that in words; asks the API if rows name any.

    Raises StoppedError where the labels can't be had.
    """
    return _unknown(use, list_labels(context).names()) if use else ((), ())


def check_labels(context: RunContext, run: RunInfo, use: LabelUse | None) -> None:
    """Note which rows name no label of the account, as `label_check` says; asks the API once.

    The names of the labels that rows name are kept with the run, for its report.

    Where the API does not list the labels, that is noted, and the run goes on.

    Raises:
        UsageError: `label_check` is `refuse`, and some rows name none; nothing was sent.
        StoppedError: it is `refuse`, and the labels can't be had.
    """
    if not use:
        return
    refuses = context.settings.label_check == "refuse"
    known: Mapping[str, str] = {}
    try:
        known = list_labels(context).names()
    except InterruptedRun:
        raise
    except StoppedError as error:
        if refuses:
            raise
        notes: tuple[str, ...] = (f"label ids were not checked: {error}",)
    else:
        _, notes = _unknown(use, known)
    # Outside the block above: a ledger that can't be written stops the run.
    context.ledger.note_facts(run.run_id, label_names=use.names(known))
    if notes and refuses:
        raise UsageError(f"{notes[0]}; nothing was sent (label_check is `refuse`)")
    context.notes.extend(notes)


def _unknown(
    use: LabelUse, known: Mapping[str, str]
) -> tuple[tuple[UnknownLabel, ...], tuple[str, ...]]:
    unknown = use.unknown(known)
    return tuple(unknown), (in_words(unknown),) if unknown else ()
