"""Campaign file → chunks of text, with row numbers; knows formats, encodings and headers."""

from __future__ import annotations

from bulkcall.load.campaign import Campaign, open_campaign
from bulkcall.load.options import LoadOptions

__all__ = ["Campaign", "LoadOptions", "open_campaign"]
