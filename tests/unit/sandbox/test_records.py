"""The rules for a record, field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.sandbox.records import problem_of

NOW = 1_700_000_000_000
GOOD = {
    "caller_number": "919876543210",
    "receiver_number": "919876543211",
    "starts_at": NOW,
    "ends_at": NOW + 1,
    "dynamic_label_name": "Bank",
}
UUID = "6fc9c8e5-3a4a-4d0b-9d6f-2f1c3ff0a001"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"label_id": UUID},
        {"label_id": UUID.upper()},
        {"dynamic_label_name": "abc"},
        {"dynamic_label_name": "अ" * 40},
        {"dynamic_call_reason": "ten chars!".replace("!", "s")},
        {"dynamic_call_reason": "x" * 100},
        {"dynamic_call_reason": "it's 10, or 11; isn't it?"},
        {"ends_at": NOW},
        {"starts_at": NOW - 86_400_000, "ends_at": NOW},
        {"starts_at": NOW + 86_400_000, "ends_at": NOW + 2 * 86_400_000},
        {"unknown": "fields are nobody's business"},
    ],
)
def test_good(changes):
    """What the rules allow passes, up to each edge."""
    assert problem_of(GOOD | changes, NOW) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"caller_number": None}, "caller_number"),
        ({"caller_number": "+919876543210"}, "caller_number"),
        ({"caller_number": "919876543210\n"}, "caller_number"),
        ({"caller_number": "९१९८७६५४३२१०"}, "caller_number"),
        ({"caller_number": 919876543210}, "caller_number"),
        ({"receiver_number": None}, "receiver_number"),
        ({"receiver_number": "98 765"}, "receiver_number"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": str(NOW)}, "starts_at"),
        ({"starts_at": float(NOW)}, "starts_at"),
        ({"starts_at": True}, "starts_at"),
        ({"ends_at": 2**63}, "ends_at"),
        ({"ends_at": NOW - 1}, "ends_at"),
        ({"starts_at": NOW + 2}, "ends_at"),
        ({"starts_at": NOW, "ends_at": NOW + 86_400_001}, "ends_at"),
        ({"dynamic_label_name": "ab"}, "dynamic_label_name"),
        ({"dynamic_label_name": "x" * 41}, "dynamic_label_name"),
        ({"dynamic_label_name": 5}, "dynamic_label_name"),
        ({"label_id": "12"}, "label_id"),
        ({"label_id": UUID + "\n"}, "label_id"),
        ({"dynamic_call_reason": "too short"}, "dynamic_call_reason"),
        ({"dynamic_call_reason": "x" * 101}, "dynamic_call_reason"),
        *(({"dynamic_call_reason": f"a reason{c}with it"}, "dynamic_call_reason") for c in "!@#$%"),
        *(({"dynamic_call_reason": f"a reason{c}with it"}, "dynamic_call_reason") for c in "^&*()"),
        *(({"dynamic_call_reason": f"a reason{c}with it"}, "dynamic_call_reason") for c in "_+/"),
        *(({"dynamic_call_reason": f"{c}begins with"}, "dynamic_call_reason") for c in ".,- "),
        *(({"dynamic_call_reason": f"it ends with{c}"}, "dynamic_call_reason") for c in ".,- "),
    ],
)
def test_bad(changes, field):
    """What the rules forbid is refused under its field."""
    problem = problem_of(GOOD | changes, NOW)
    assert problem is not None
    assert problem.field == field


def test_neither_label():
    """Without label_id and without a name there is no label."""
    problem = problem_of({k: v for k, v in GOOD.items() if k != "dynamic_label_name"}, NOW)
    assert problem is not None
    assert problem.field == "dynamic_label_name"


@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=5))
def test_what_is_no_object(value):
    """Anything but an object is refused without naming a field."""
    problem = problem_of(value, NOW)
    assert problem is not None
    assert problem.field == ""


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "label_id", "dynamic_call_reason"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers()),
    )
)
def test_never_raises(changes):
    """Whatever stands in the fields, the answer is a problem or none."""
    problem = problem_of(GOOD | changes, NOW)
    assert problem is None or problem.field
