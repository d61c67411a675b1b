"""The drop folder: what has arrived is taken, run, and put away with its report.

Files lie in the folder itself until their run is over. Beside them stand `working/` (reports of
runs that are not over), `done/` and `failed/` (a folder a run: the file and its report), and
`.bulkcall/` (a lock, and a claim for each file that was begun).
"""

from __future__ import annotations

from bulkcall.inbox.flags import RunFlags
from bulkcall.inbox.inbox import Inbox
from bulkcall.inbox.order import Order
from bulkcall.inbox.round_result import FileOutcome, Left, RoundResult, Taken

__all__ = ["FileOutcome", "Inbox", "Left", "Order", "RoundResult", "RunFlags", "Taken"]
