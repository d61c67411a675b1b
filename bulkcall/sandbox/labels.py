"""The account's labels and their listing (api.md, Calls)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import orjson

from bulkcall.sandbox.enums import LabelShape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PAGE = 1
DEFAULT_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label of the account, as its listing shows it; what is empty is not shown."""

    id: str
    name: str = "Bank of Tomorrow"
    label_type: str = "dynamic"
    category: str = "Business Services"
    sub_category: str = "Bank"
    logo_url: str = "https://example.com/logo.png"
    created_by_email: str = "someone@example.com"
    """Personal data: a client has no use for it."""
    created_at: str = "2025-07-23T09:07:32.21Z"
    client_account_id: str = ""
    updated_at: str = ""
    deleted_at: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the element of the listing."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value}


DEFAULT_LABELS = (
    # The two that sample_data/campaign.csv names, and one that was deleted.
    Label(id="7d1c1f0a-52b6-4a4e-8c62-4f1f6a0c9b11", name="Parcel Express", category="Delivery"),
    Label(id="c3a6a0de-9f43-4f0e-8d27-51b0f7a2e6d4", name="City Hospital", category="Health"),
    Label(
        id="00dead00-0000-4000-8000-000000000000",
        name="Closed Shop",
        category="Retail",
        deleted_at="2025-09-01T00:00:00Z",
    ),
)


def read_label(text: str | Mapping[str, Any]) -> Label:
    """Read a label: JSON, or `id[,name[,category]]`.

    Raises:
        ValueError: it has no id, or a field that a label has not.
    """
    if not isinstance(text, str):
        values = {name: str(value) for name, value in text.items() if value is not None}
    elif text.lstrip().startswith("{"):
        return read_label(orjson.loads(text))
    else:
        given = (part.strip() for part in text.split(",", 2))
        values = dict(zip(("id", "name", "category"), given, strict=False))
    unknown = sorted(values.keys() - {one.name for one in fields(Label)})
    if unknown:
        raise ValueError(f"a label has no {', '.join(unknown)}")
    if not values.get("id"):
        raise ValueError("a label needs an id")
    return Label(**values)


def label_page(
    labels: Sequence[Label], query: Mapping[str, Sequence[str]], shape: LabelShape
) -> Any:
    """Return the page that is asked for; an empty array if there are none."""
    page = _positive(query, "page", DEFAULT_PAGE)
    limit = min(_positive(query, "limit", DEFAULT_LIMIT), DEFAULT_LIMIT)
    start = (page - 1) * limit
    shown = [label.as_json() for label in labels[start : start + limit]]
    return shown if shape is LabelShape.BARE else {shape.value: shown}


def _positive(query: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    text = (query.get(name) or [""])[0]
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default
