"""Python's garbage collector, kept from stopping the event loop while requests are timed."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Leave what lives already out of every collection meanwhile.

    A full collection walks all that was imported, which takes as long as tens of requests' turns.
    Whoever froze before this keeps it so.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
