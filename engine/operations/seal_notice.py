"""A notice signed, with the time stamp of an authority where the settings name one (`rulings.md` 68)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.notices.signature import seal
from engine.notices.time_authority import NoTimeStamp, TimeAuthority
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace


def authority_of(workspace: Workspace, scribe: Scribe) -> TimeAuthority | None:
    """Return who stamps the time of notices, if the settings name somebody."""
    named = workspace.settings.time_authority
    return (
        None
        if named is None
        else TimeAuthority(named.url, named.certificate_sha256, scribe.at, float(named.patience_seconds))
    )


def sealed(data: bytes, key: Path, authority: TimeAuthority | None, told: Callable[[str], None]) -> bytes:
    """Return the file signed, with a time stamp if an authority gives a valid one (`rulings.md` 68).

    If the authority fails, the file is signed without a time stamp, and `told` says why.
    """
    try:
        return seal(data, key, authority)
    except NoTimeStamp as without:
        told(f"signed without a time stamp: {without}")
        # A notice must not wait for an authority: its own deadline runs, and the checkpoint is stamped later.
        return seal(data, key)
