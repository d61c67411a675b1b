"""What the unit tests prove of a ledger in a file holds on PostgreSQL: the very same tests."""

from __future__ import annotations

import pytest

from tests.unit.ledger.test_duplicates import *  # noqa: F403
from tests.unit.ledger.test_events import *  # noqa: F403
from tests.unit.ledger.test_purging import (  # noqa: F401 - collected here again, with another ledger
    test_a_purged_run_is_told_from_a_whole_one,
    test_a_purged_run_keeps_its_counts_only,
    test_a_run_at_work_is_left_alone,
    test_a_stopped_run_can_not_be_resumed_once_purged,
)
from tests.unit.ledger.test_runs_and_rows import *  # noqa: F403
from tests.unit.ledger.test_sending import *  # noqa: F403


@pytest.fixture
def url(postgresql):
    """Give the URL of an empty database: PostgreSQL only, the file is proved elsewhere."""
    with postgresql.database() as found:
        yield found
