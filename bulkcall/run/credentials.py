"""What sending needs is set, and a run belongs to the account that is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.errors import SettingsError

if TYPE_CHECKING:
    from bulkcall.ledger import RunInfo
    from bulkcall.settings import Settings


def require_credentials(settings: Settings, run: RunInfo | None = None) -> None:
    """Raise SettingsError where something that sending needs is not set.

    A `run` that is taken up again must be of the account that is set: its rows belong to no other.
    """
    missing = [] if settings.client_account_id else ["BULKCALL_CLIENT_ACCOUNT_ID"]
    if not settings.token and not (settings.key_id and settings.api_key):
        missing.append("BULKCALL_KEY_ID and BULKCALL_API_KEY (or BULKCALL_TOKEN)")
    if missing:
        raise SettingsError(
            f"not set: {', '.join(missing)}; set them in the environment or in bulkcall.toml. "
            "`bulkcall demo` needs none"
        )
    if run is not None and run.account != settings.client_account_id:
        profile = f", --profile {run.profile}" if run.profile else ""
        raise SettingsError(
            f"run {run.run_id} belongs to the client account {run.account}, and "
            f"{settings.client_account_id} is set; set BULKCALL_CLIENT_ACCOUNT_ID{profile}"
        )
