"""Memory that one stage is done with, given back to the system before the next begins."""

from __future__ import annotations

import ctypes
import gc
import sys


def release_unused() -> None:
    """Collect garbage and give back what the allocators keep for themselves.

    They don't by themselves: what loading a large file took would stay with a run to its end.
    """
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in every libc
        if trim is not None:
            trim(0)
