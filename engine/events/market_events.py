"""What the logs of snapshots and of indices hold; a deal's events name them by hash (`rulings.md` 11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from engine.basics.values import Fact


class SnapshotImported(Fact):
    """A snapshot that entered the archive, with the right under which it was collected where stated.

    Attributes:
        sha256: of its plain bytes.
        collected_at: when, in UTC.
        form: raw answer, unfiltered table, filtered day or empty day.
        source: what it says of itself.
        collection_right: the document, its date and who holds it.
        accepted: changes of form that a person accepted, by name.
        stated_sha256: what its administrator's metadata states.
        part_of: the SHA-256 of the table of several collections that it was cut from.
    """

    sha256: str
    collected_at: datetime
    form: str
    source: str
    collection_right: Mapping[str, str] | None = None
    accepted: tuple[str, ...] = ()
    stated_sha256: str | None = None
    part_of: str | None = None

    @model_serializer(mode="wrap")
    def _as_recorded(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what there is nothing to say of: a plain import records what it always did."""
        said: dict[str, Any] = whole(self)
        return {key: value for key, value in said.items() if value or key not in ("accepted", "stated_sha256", "part_of")}


class IndexPublished(Fact):
    """One print of one Publication Date in an index's own log: the whole IndexValue as its JSON."""

    value: Mapping[str, Any]
    reason: str | None = None


class ListingsExcluded(Fact):
    """A Manifest Error Override: listings of one snapshot that an index does not take, and on whose word (WP §7.3).

    Attributes:
        index: the index.
        snapshot: SHA-256 of the snapshot that holds them.
        listings: their places in its list of the index's model, from 0.
        reason: why they are plainly wrong.
        document: the name of what documents it, with its SHA-256.
        prepared_by: one person.
        approved_by: another.
    """

    index: str
    snapshot: str
    listings: tuple[int, ...]
    reason: str
    document: str
    document_sha256: str
    prepared_by: str
    approved_by: str

    @property
    def disclosed(self) -> str:
        """What a print says of it: `listings 3, 7 of snapshot 0a1b2c3d4e5f: priced per day (memo.pdf; A, approved by B)`."""
        named = ", ".join(str(place) for place in self.listings)
        who = f"{self.document}; {self.prepared_by}, approved by {self.approved_by}"
        return f"{'listing' if len(self.listings) == 1 else 'listings'} {named} of snapshot {self.snapshot[:12]}: {self.reason} ({who})"
