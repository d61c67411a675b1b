"""bulkcall: send a campaign file to Truecaller for Business and prove what became of every row.

The functions of `bulkcall.app` are found here: `bulkcall.run`, `validate`, `plan`, `resume`,
`reconcile`, `report`, `compare`, `check`, `purge`. They are imported when first used, so that
`import bulkcall` costs nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcall.app import (
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


class _Package(ModuleType):
    """Keeps the functions' names for the functions, though stages bear the same names.

    Importing `bulkcall.validate` binds its module here, whenever a function imports what it needs;
    the second `bulkcall.validate(…)` of a session would then find a module. `from bulkcall.validate
    import …` does not look here and works as ever.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bulkcall' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - part of what is put off

    found = getattr(importlib.import_module("bulkcall.app"), name)
    globals()[name] = found
    return found
