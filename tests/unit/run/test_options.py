"""What a run needs before it begins."""

from __future__ import annotations

import pytest

from bulkcall.errors import SettingsError
from bulkcall.records import CampaignFile, Channel
from bulkcall.run.credentials import require_credentials
from bulkcall.run.ingest import _room_for as room_for
from bulkcall.run.options import rows_per_second
from bulkcall.settings import Secret, Settings


def file(kind, size):
    """Give a campaign file of this kind and size."""
    return CampaignFile("f", "0" * 64, size, kind, ("caller",), {}, 1)


def test_a_packed_file_is_given_more_room():
    """A workbook or gz of a size needs more of the ledger's disk than a plain CSV of it."""
    assert room_for(file("csv", 1_000_000)) < room_for(file("xlsx", 1_000_000))
    assert room_for(file("csv", 1_000_000)) >= 2_000_000


def test_what_is_missing_is_named_all_at_once():
    """One line names every setting that sending lacks."""
    with pytest.raises(SettingsError, match=r"CLIENT_ACCOUNT_ID, BULKCALL_KEY_ID and"):
        require_credentials(Settings())
    require_credentials(Settings(client_account_id="a", token=Secret("t")))
    require_credentials(Settings(client_account_id="a", key_id=Secret("k"), api_key=Secret("s")))


def test_the_limit_in_rows_a_second():
    """Each token brings its share; a ready token stands alone."""
    settings = Settings(tokens=10)
    assert rows_per_second(settings, Channel.REALTIME) == 1000
    assert rows_per_second(settings, Channel.BATCH) == 5000
    assert rows_per_second(Settings(tokens=10, token=Secret("t")), Channel.REALTIME) == 100
