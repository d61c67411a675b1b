"""bulkcall: send a campaign file to Truecaller for Business and prove what became of every row.

The functions of `bulkcall.campaigns` are found here: `bulkcall.run`, `validate`, `plan`, `resume`,
`reconcile`, `report`, `compare`, `check`, `purge`. They are imported when first used, so that
`import bulkcall` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcall.campaigns import (
        check,
        compare,
        open_ledger,
        plan,
        purge,
        reconcile,
        report,
        resume,
        run,
        validate,
    )

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "check",
    "compare",
    "open_ledger",
    "plan",
    "purge",
    "reconcile",
    "report",
    "resume",
    "run",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bulkcall' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - part of what is put off

    campaigns = importlib.import_module("bulkcall.campaigns")
    # Stages bear the names of what they do, and importing one binds its name here: from now on
    # `bulkcall.validate` is the function. `from bulkcall.validate import …` works as before.
    globals().update({each: getattr(campaigns, each) for each in __all__ if each != "__version__"})
    return globals()[name]
