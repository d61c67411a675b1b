"""The nursery of the kill tests with the points of the drop folder as well.

Run as a script it serves as `tests.faults.kills.nursery` does.
"""

from __future__ import annotations

from tests.faults.kills import nursery, points

points.POINTS |= {
    "Claims.put": "bulkcall.inbox.claims:Claims.put",
    "Claims.drop": "bulkcall.inbox.claims:Claims.drop",
    "campaigns.run": "bulkcall.app:run",
    "campaigns.resume": "bulkcall.app:resume",
    "campaigns.report": "bulkcall.app:report",
    "Archive.put_away": "bulkcall.inbox.archive:Archive.put_away",
    "move": "bulkcall.inbox.folder:Folder.move",
    "Ledger.relocate": "bulkcall.ledger.ledger:Ledger.relocate",
    "tell": "bulkcall.notify:notify",
    "os.rename": "os:rename",
    "os.mkdir": "os:mkdir",
}


class InboxNursery(nursery.Nursery):
    """Starts bulkcall with these points."""

    MODULE = "tests.faults.inbox_nursery"


if __name__ == "__main__":
    nursery._serve()
