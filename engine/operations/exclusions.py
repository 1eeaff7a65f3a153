"""Record a Manifest Error Override, by which an index leaves out named listings of a day (WP §7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.inert import same_person
from engine.events.draft import Draft
from engine.events.market_events import ListingsExcluded
from engine.market.index import definition
from engine.market.listing import Listings, Observation, qualifying
from engine.market.methodology import load_methodology
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.documents import keep_document, read_document
from engine.workspace.series import computed
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DayListings:
    """The Qualifying Listings of one day of an index, in the snapshot that stands for the day."""

    index: str
    day: date
    snapshot: str
    """The snapshot's SHA-256."""
    listings: Listings

    @property
    def dearest_first(self) -> list[tuple[int, Observation]]:
        """Each listing with the number that an override names it by, the highest price first."""
        pairs = zip(self.listings.places, self.listings.observations, strict=True)
        return sorted(pairs, key=lambda pair: -pair[1].micro)

    def as_data(self) -> dict[str, Any]:
        """Return the listings as JSON; prices in USD per GPU-hour as text."""
        rows = [
            {
                "listing": number,
                "usd": str(row.usd),
                "host": row.host,
                "machine": row.machine,
                "gpus": row.gpus,
            }
            for number, row in self.dearest_first
        ]
        return {"index": self.index, "date": str(self.day), "snapshot": self.snapshot, "listings": rows}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an override rests on: the reason, the file that documents it, and the two persons."""

    reason: str
    document: Path
    prepared_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class RecordedOverride:
    """An override as it stands on record; `new` is False if the same one was on record already."""

    payload: ListingsExcluded
    new: bool

    def as_data(self) -> dict[str, Any]:
        """Return the override as JSON, and whether it is new."""
        return {"recorded": self.new, **self.payload.model_dump(mode="json")}


def listings_of(workspace: Workspace, index: str, version: str, on: date) -> DayListings:
    """Return the Qualifying Listings of a day.

    Raises WrongUsage for a day without a snapshot of the index.
    """
    # The window that ends on the day has that day last.
    sha256 = computed(workspace, index, version, on).days[-1].snapshot
    snapshot = next(
        (snapshot for snapshot in workspace.archive.between(on, on) if snapshot.sha256 == sha256), None
    )
    if snapshot is None:
        raise WrongUsage(f"no snapshot of {on} speaks of {index}")
    known = definition(index, workspace.indices)
    listings = qualifying(snapshot, known.gpu_name, known.countries, load_methodology(version))
    return DayListings(index, on, snapshot.sha256, listings)


def exclude(
    workspace: Workspace,
    index: str,
    version: str,
    on: date,
    listings: Sequence[int],
    grounds: Grounds,
    scribe: Scribe,
) -> RecordedOverride:
    """Record that an index does not take some listings of a day's snapshot.

    If the same override is entered again word for word, nothing is recorded.

    Args:
        workspace: where it is recorded.
        index: the index.
        version: the methodology under which the day's snapshot is found; the override holds for every
            version.
        on: the day of the snapshot.
        listings: their numbers, as `listings_of` has them.
        grounds: the reason, the document, who prepared and who approved it.
        scribe: who records.

    Raises:
        WrongUsage: no such listing qualifies, no document, or one person in both roles.
    """
    if same_person(grounds.prepared_by, grounds.approved_by):
        raise WrongUsage(
            f"{grounds.prepared_by} cannot both prepare and approve an override; name a second person"
        )
    day = listings_of(workspace, index, version, on)
    strange = sorted(set(listings) - set(day.listings.places))
    if strange:
        known = ", ".join(str(place) for place in day.listings.places) or "none"
        raise WrongUsage(
            f"of {index} on {on} no listing {', '.join(map(str, strange))} qualifies; there are {known}"
        )
    document = read_document(grounds.document)
    payload = ListingsExcluded(
        index=index,
        snapshot=day.snapshot,
        # Sorted and without repeats, so that the same override has the same key, however it was typed.
        listings=tuple(sorted(set(listings))),
        reason=grounds.reason,
        document=document.name,
        document_sha256=document.sha256,
        prepared_by=grounds.prepared_by,
        approved_by=grounds.approved_by,
    )
    subject = f"{index}|{day.snapshot[:16]}|{','.join(map(str, payload.listings))}"
    draft = Draft(kind="listings excluded", subject=subject, effective_on=on, payload=payload)
    keep_document(workspace, document)
    with workspace.store.begin() as writer:
        return RecordedOverride(payload, bool(append(writer, SNAPSHOTS, [draft], scribe)))
