"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# A shared machine's pauses are no faults: no property has a deadline.
settings.register_profile("bulkcall", deadline=None)
settings.load_profile("bulkcall")
