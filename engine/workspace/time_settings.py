"""The authority that stamps the time of notices and checkpoints, if one is configured (`rulings.md` 68)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.basics.values import Fact


class TimeAuthoritySettings(Fact):
    """An RFC 3161 authority: its address, and the certificate by which its stamps are believed."""

    url: Annotated[str, Field(pattern=r"https?://[^\s]+")]
    certificate_sha256: Annotated[str, Field(pattern=r"[0-9a-f]{64}")]
    """Of its certificate, or of the one that certifies it."""
    patience_seconds: Annotated[int, Field(strict=True, ge=1, le=60)] = 10
    """How long a run waits for a stamp; without one the notice is signed all the same, and says so."""
    checkpoint_seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 60
    """How long a run asks for the stamps of its checkpoints in all; the next run asks for what is left."""
