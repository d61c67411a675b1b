"""How much memory the process that reads a workbook may take on this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_SHARE = 0.8
_LEAST = 3 << 29
"""Bytes of address space that the reader needs to start and to read a small workbook."""


def memory_for(wanted: int) -> int:
    """Return the bytes that the reader may take: what it wants, or most of what is left."""
    left = [int(each * _SHARE) for each in (_machine(), _control_group()) if each]
    return max(_LEAST, min([wanted, *left]))


def _machine() -> int:
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0


def _control_group() -> int:
    with suppress(OSError, ValueError):
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").rpartition("::")[2].strip()
        root = Path("/sys/fs/cgroup")
        for folder in (root / own.lstrip("/"), root):
            limit = _figure(folder / "memory.max")
            if limit:
                return max(1, limit - _figure(folder / "memory.current"))
    return 0


def _figure(path: Path) -> int:
    with suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return 0
