"""The authority that stamps the time of notices and checkpoints, if one is configured (`rulings.md` 68)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.basics.values import Fact


class TimeAuthoritySettings(Fact):
    """An RFC 3161 time authority: its address, and the certificate by which its stamps are trusted."""

    url: Annotated[str, Field(pattern=r"https?://[^\s]+")]
    certificate_sha256: Annotated[str, Field(pattern=r"[0-9a-f]{64}")]
    """The hash of its certificate, or of the certificate that certifies it."""
    patience_seconds: Annotated[int, Field(strict=True, ge=1, le=60)] = 10
    """How many seconds a run waits for a stamp.

    Without one the notice is signed all the same, and says so.
    """
    checkpoint_seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 60
    """How many seconds a run asks for the stamps of its checkpoints in all.

    The next run asks for the stamps that are left.
    """
