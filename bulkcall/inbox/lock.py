"""One inbox a folder: a lock that the kernel takes from a dead process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkcall.errors import StoppedError
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.inbox.layout import InboxLayout


@contextmanager
def locked(layout: InboxLayout) -> Iterator[None]:
    """Be the one process that empties this inbox. StoppedError names the one that does already."""
    path = layout.lock
    try:
        handle = file_lock.open_lock_file(path)
    except OSError as error:
        raise StoppedError(f"{path}: can't be opened ({error.strerror})") from error
    try:
        try:
            free = file_lock.try_lock(handle)
        except OSError as error:
            raise StoppedError(f"{path}: can't be locked ({error.strerror})") from error
        if not free:
            raise StoppedError(
                f"the inbox {layout.path} is being worked on by {file_lock.read_holder(handle)}; "
                "nothing was taken"
            )
        # The file stays where it is: taking it away would let two processes lock two files.
        file_lock.write_holder(handle)
        yield
    finally:
        os.close(handle)
