"""A stand-in for the process that reads workbooks: it starts and never says anything."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.pause()
