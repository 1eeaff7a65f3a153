"""What the logs of snapshots and of indices hold; a deal's events name them by hash (`rulings.md` 11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.values import Fact


class SnapshotImported(Fact):
    """A snapshot that entered the archive, with the right under which it was collected where stated."""

    sha256: str
    collected_at: datetime
    form: str
    source: str
    collection_right: Mapping[str, str] | None = None


class IndexPublished(Fact):
    """One print of one Publication Date in an index's own log: the whole IndexValue as its JSON."""

    value: Mapping[str, Any]
    reason: str | None = None
