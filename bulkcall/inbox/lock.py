"""One inbox a folder: a lock that the kernel takes from a dead process."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkcall.errors import StoppedError
from bulkcall.support.file_lock import described, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.inbox.layout import InboxLayout


@contextmanager
def locked(layout: InboxLayout) -> Iterator[None]:
    """Be the one process that empties this inbox. StoppedError names the one that does already."""
    path = layout.lock
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoppedError(f"{path}: can't be opened ({error.strerror})") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = described(os.pread(handle, 4096, 0).decode("utf-8", "replace"))
            raise StoppedError(
                f"the inbox {layout.path} is being worked on by {holder}; nothing was taken"
            ) from None
        except OSError as error:
            raise StoppedError(f"{path}: can't be locked ({error.strerror})") from error
        # The file stays where it is: taking it away would let two processes lock two files.
        os.truncate(handle, 0)
        os.pwrite(handle, this_process().encode(), 0)
        yield
    finally:
        os.close(handle)
