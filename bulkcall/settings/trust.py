"""Whether a bulkcall.toml that was found, not named, may be used: nobody else may have written it.

contract: Settings. A stranger's file in a working directory would else send this user's credentials
and campaigns to a server of the stranger's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bulkcall.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002
_NAME_IT = "name it with --config if you trust it"


def check_found(path: Path) -> None:
    """Raise SettingsError where the file, or a folder that it stands in, may be another's work."""
    if not hasattr(os, "geteuid"):
        return
    real = path.resolve()
    for each in dict.fromkeys((path.absolute().parent, real.parent, real)):
        facts = each.stat()
        if facts.st_uid not in {0, os.geteuid()}:
            raise SettingsError(
                f"{path.absolute()}: not used, as {each} belongs to another user "
                f"({_user(facts.st_uid)}); {_NAME_IT}"
            )
        if facts.st_mode & _OTHERS_WRITE or (
            facts.st_mode & _GROUP_WRITES and not _is_own_group(facts.st_gid)
        ):
            raise SettingsError(
                f"{path.absolute()}: not used, as others can write {each}; "
                f"chmod go-w {each}, or {_NAME_IT}"
            )


def _user(uid: int) -> str:
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _is_own_group(gid: int) -> bool:
    """Return whether a group is this user's alone, as systems with a umask of 002 give to each."""
    import grp  # noqa: PLC0415 - not on Windows
    import pwd  # noqa: PLC0415

    if os.geteuid() == 0:
        return False
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return (
        gid == user.pw_gid
        and group.gr_name == user.pw_name
        and not {*group.gr_mem} - {user.pw_name}
    )
