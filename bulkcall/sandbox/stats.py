"""Figures for benchmarks and tests: what came, what was answered, how near the limits it went."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bulkcall.sandbox.enums import Call, Counting

if TYPE_CHECKING:
    from bulkcall.sandbox.limits import Gauge
    from bulkcall.sandbox.sandbox import Sandbox


def stats(sandbox: Sandbox) -> dict[str, Any]:
    """Sum up (docs/sandbox.md lists the keys)."""
    journal = sandbox.journal
    return {
        "requests": journal.count,
        "stray": journal.stray,
        "calls": {call.value: _call(sandbox, call) for call in Call},
        "tokens_created": sandbox.tokens.created,
        "batches": len(sandbox.batches),
        "faults": sandbox.faults.listing(),
    }


def _call(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    statuses = sandbox.journal.statuses.get(call) or Counter[str]()
    first, last = sandbox.journal.span.get(call, (0.0, 0.0))
    limit = sandbox.limit_of(call)
    if call is Call.TOKEN:
        gauges = {"account": sandbox.tokens.creation}
    else:
        gauges = {token.id: token.gauges[call] for token in sandbox.tokens.all()}
    return {
        "requests": sum(statuses.values()),
        "statuses": dict(statuses),
        "applied_records": sandbox.journal.applied_records[call],
        "first_mono": first,
        "last_mono": last,
        "limit": limit.requests,
        "window": limit.window,
        "counting": sandbox.options.counting.value,
        **{way.value: _way(gauges, way) for way in Counting},
    }


def _way(gauges: dict[str, Gauge], way: Counting) -> dict[str, Any]:
    counters = {name: gauge.counters[way] for name, gauge in gauges.items()}
    return {
        "most": max((c.most for c in counters.values()), default=0),
        "over": sum(c.over for c in counters.values()),
        "by_token": {name: {"most": c.most, "over": c.over} for name, c in counters.items()},
    }
