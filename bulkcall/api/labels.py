"""The account's labels: their listing read, and kept with its age for the next process.

Of a label only what is of use is kept; who made it (an e-mail address) is personal data and is
dropped where the answer is read.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bulkcall.api.responses import one_line, parse, unreadable
from bulkcall.support.atomic_files import make_folder, replacing

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from bulkcall.settings import Settings

PAGE_LIMIT = 1000
"""Labels that a page is asked for: the API's own default."""
MOST_PAGES = 100
_USABLE_TYPE = "dynamic"


class Label(msgspec.Struct, frozen=True, gc=False):
    """One label of the account."""

    id: str
    name: str = ""
    category: str = ""
    label_type: str = ""
    deleted: bool = False

    @property
    def usable(self) -> bool:
        """Whether a record may name it: dynamic (or of no type that is told), and not deleted."""
        return not self.deleted and self.label_type.lower() in {"", _USABLE_TYPE}


class _Kept(msgspec.Struct):
    """The listing as it lies in its file."""

    listed_at: int
    labels: list[Label]


@dataclass(frozen=True, slots=True)
class LabelListing:
    """All labels of an account, as listed at one time (epoch ms)."""

    labels: tuple[Label, ...]
    listed_at: int

    @property
    def usable(self) -> list[Label]:
        """The labels that a record may name, by name."""
        return sorted(
            (label for label in self.labels if label.usable),
            key=lambda label: (label.name.casefold(), label.id),
        )

    def names(self) -> dict[str, str]:
        """Return id in lower case → name, of the labels that a record may name."""
        return {label.id.lower(): label.name for label in self.labels if label.usable}


def read_label_page(response: httpx.Response) -> list[Label]:
    """Read a 2xx of the listing: an array, alone or inside `data` or `labels`.

    Raises Unreadable.
    """
    body = parse(response.content)
    found: object = body
    for name in ("data", "labels"):
        if isinstance(found, dict):
            found = found.get(name, found)
    if not isinstance(found, list):
        raise unreadable(response, body)
    labels = []
    for element in found:
        if not isinstance(element, dict):
            raise unreadable(response, body)
        label_id = one_line(element.get("id"))
        if label_id:
            labels.append(
                Label(
                    id=label_id,
                    name=one_line(element.get("name")),
                    category=one_line(element.get("category")),
                    label_type=one_line(element.get("label_type")),
                    deleted=element.get("deleted_at") not in (None, "", False),
                )
            )
    return labels


class LabelCache:
    """The last listing of one account, in a private file of the user's state directory."""

    def __init__(self, state_dir: Path, settings: Settings) -> None:
        account = f"{settings.base_url.rstrip('/')} {settings.client_account_id}"
        known_as = hashlib.sha256(account.encode()).hexdigest()[:32]
        self._path = state_dir / "labels" / f"{known_as}.json"

    def load(self) -> LabelListing | None:
        """Return the listing that is kept, or None where there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            return LabelListing(tuple(kept.labels), kept.listed_at)
        return None

    def save(self, listing: LabelListing) -> None:
        """Keep a listing. Raises BulkcallError where the file can't be written."""
        make_folder(self._path.parent)
        content = msgspec.json.encode(_Kept(listing.listed_at, list(listing.labels)))
        with replacing(self._path) as file:
            file.write(content)
