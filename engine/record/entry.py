"""One entry of a log as it is stored, for whoever reads a log without its database."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in a log."""

    log: str
    seq: int
    key: str
    body: bytes
    leaf: bytes
    root: bytes
    peak: bytes | None = field(default=None, compare=False)
    """The root of the widest complete subtree that it completes, if it was read from the database."""
