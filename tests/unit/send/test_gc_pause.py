"""What lives when sending begins is left out of collections, and only until it ends."""

from __future__ import annotations

import gc

import pytest

from bulkcall.send.gc_pause import settled


def test_what_lives_is_left_out_until_the_end():
    """Frozen within, thawed after, an error included."""
    assert gc.get_freeze_count() == 0
    with settled():
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0
    with pytest.raises(KeyError), settled():
        raise KeyError
    assert gc.get_freeze_count() == 0


def test_who_froze_before_keeps_it_so():
    """The program that sending is a part of may have frozen its own."""
    gc.freeze()
    try:
        with settled():
            pass
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
