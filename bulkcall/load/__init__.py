"""Campaign file → chunks of text, with row numbers; knows formats, encodings and headers.

Parts are imported when they are first used: the workbook process lives in this package and starts
without pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcall.load.campaign import Campaign, open_campaign
    from bulkcall.load.options import LoadOptions

__all__ = ["Campaign", "LoadOptions", "open_campaign"]


def __getattr__(name: str) -> Any:
    if name == "LoadOptions":
        from bulkcall.load.options import LoadOptions  # noqa: PLC0415 - see above

        return LoadOptions
    if name in __all__:
        from bulkcall.load import campaign  # noqa: PLC0415 - see above

        return getattr(campaign, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
