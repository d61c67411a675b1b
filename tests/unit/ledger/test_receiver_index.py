"""Bucketed postings give back exactly what went in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.ledger import receiver_index

numbers = st.integers(0, 10**15)


@given(st.lists(st.tuples(numbers, st.integers(-(2**63), 2**63 - 1)), max_size=60), numbers)
def test_what_is_packed_comes_back(rows, first):
    """Each row's receiver and identity stand in its bucket once, under its own key."""
    receivers = np.array([receiver for receiver, _ in rows], dtype=np.int64)
    identities = np.array([identity for _, identity in rows], dtype=np.int64)
    blobs = receiver_index.packed(receivers, identities, np.arange(len(rows)))
    found = {}
    for bucket, blob in blobs:
        part = receiver_index.unpacked(first, blob)
        assert set(receiver_index.bucket_of(part.receivers).tolist()) == {bucket}
        for key, receiver, identity in zip(
            part.keys.tolist(), part.receivers.tolist(), part.identities.tolist(), strict=True
        ):
            assert key not in found
            found[key] = (receiver, identity)
    assert found == {first + place: row for place, row in enumerate(rows)}


def test_phone_numbers_spread_over_all_buckets():
    """Numbers in a row, as a telephone company hands them out, do not crowd into one bucket."""
    receivers = np.arange(919800000000, 919800012800, dtype=np.int64)
    counts = np.bincount(receiver_index.bucket_of(receivers), minlength=receiver_index.BUCKETS)
    assert counts.min() > 50
    assert counts.max() < 200
