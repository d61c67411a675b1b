"""bulkcall: send a campaign file to Truecaller for Business and prove what became of every row.

The functions of `bulkcall.app` are found here (`bulkcall.run`, `validate`, `plan` …), with the
types of what they take and return, and the errors that they raise. Each is imported when it is
first used, so that `import bulkcall` costs nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcall.app import (
        check,
        compare,
        labels,
        open_ledger,
        plan,
        purge,
        reconcile,
        report,
        resume,
        retry,
        run,
        trace,
        validate,
    )
    from bulkcall.errors import (
        BulkcallError,
        CampaignFileError,
        CredentialsError,
        ExitStatus,
        LedgerError,
        RunHeldError,
        ServerAwayError,
        SettingsError,
        StoppedError,
        UnreadableError,
        UsageError,
    )
    from bulkcall.progress import Progress, StopToken
    from bulkcall.records import Channel, OnUnknown, Outcome
    from bulkcall.report.model import Report
    from bulkcall.run.forecast import Planned
    from bulkcall.run.result import RunResult
    from bulkcall.run.send_plan import Plan
    from bulkcall.run.validate_only import Problem, Validation
    from bulkcall.settings import Secret, Settings, load_settings

__version__ = "0.1.0"

_HOME = {
    "bulkcall.app": (
        "check",
        "compare",
        "labels",
        "open_ledger",
        "plan",
        "purge",
        "reconcile",
        "report",
        "resume",
        "retry",
        "run",
        "trace",
        "validate",
    ),
    "bulkcall.errors": (
        "BulkcallError",
        "CampaignFileError",
        "CredentialsError",
        "ExitStatus",
        "LedgerError",
        "RunHeldError",
        "ServerAwayError",
        "SettingsError",
        "StoppedError",
        "UnreadableError",
        "UsageError",
    ),
    "bulkcall.progress": ("Progress", "StopToken"),
    "bulkcall.records": ("Channel", "OnUnknown", "Outcome"),
    "bulkcall.report.model": ("Report",),
    "bulkcall.run.forecast": ("Planned",),
    "bulkcall.run.result": ("RunResult",),
    "bulkcall.run.send_plan": ("Plan",),
    "bulkcall.run.validate_only": ("Problem", "Validation"),
    "bulkcall.settings": ("Secret", "Settings", "load_settings"),
}
_HOME_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "BulkcallError",
    "CampaignFileError",
    "Channel",
    "CredentialsError",
    "ExitStatus",
    "LedgerError",
    "OnUnknown",
    "Outcome",
    "Plan",
    "Planned",
    "Problem",
    "Progress",
    "Report",
    "RunHeldError",
    "RunResult",
    "Secret",
    "ServerAwayError",
    "Settings",
    "SettingsError",
    "StopToken",
    "StoppedError",
    "UnreadableError",
    "UsageError",
    "Validation",
    "__version__",
    "check",
    "compare",
    "labels",
    "load_settings",
    "open_ledger",
    "plan",
    "purge",
    "reconcile",
    "report",
    "resume",
    "retry",
    "run",
    "trace",
    "validate",
]


class _Package(ModuleType):
    """Keeps the functions' names for the functions, though stages bear the same names.

    Importing `bulkcall.validate` binds its module here, whenever a function imports what it needs;
    the second `bulkcall.validate(…)` of a session would then find a module. `from bulkcall.validate
    import …` does not look here and works as ever.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bulkcall' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - part of what is put off

    found = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found
