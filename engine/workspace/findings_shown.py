"""Open findings on the indices of a deal.

They are rows that were not taken, and collections that were taken although they looked changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.events.deal_adopted import DealAdopted, IndexFacts, facts_on
from engine.events.kinds import Event
from engine.events.log_names import administered_series, series_name
from engine.events.market_events import AWAITS, IndexFinding, SnapshotImported
from engine.events.open_findings import ACCEPTED, DOUBTED, OpenFinding
from engine.record.log import SNAPSHOTS, prints_in, read
from engine.workspace.series import series_of_facts
from engine.workspace.workspace import Workspace

RECENT = 7
"""The number of Publication Dates whose collections are looked at: as many as a notice lists."""


def findings_shown(
    workspace: Workspace,
    deal: DealAdopted,
    on: date,
    known_at: datetime,
    shown: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, tuple[OpenFinding, ...]]:
    """Return the open findings on each index that a deal reads on a date, newest first.

    An index without findings is left out.

    Args:
        workspace: the workspace whose record it is.
        deal: the deal as it was adopted.
        on: the Determination Date; findings of later days are left out.
        known_at: what was recorded later is not known.
        shown: the publications of each index that the deal read, oldest first.
    """
    told = [event for event in read(workspace.store, SNAPSHOTS) if event.recorded_at <= known_at]
    found = {}
    for index in facts_on(deal, on).indices:
        open_ = {**_rows(workspace, index, told, known_at), **_collections(told, shown.get(index.name, ()))}
        found[index.name] = tuple(
            sorted((one for one in open_.values() if one.on <= on), key=lambda one: one.on, reverse=True)
        )
    return {name: open_ for name, open_ in found.items() if open_}


def _rows(
    workspace: Workspace, index: IndexFacts, told: Sequence[Event], known_at: datetime
) -> dict[tuple[str, date], OpenFinding]:
    """Return the rows of an administrator that still differ from the series.

    For each day the newest finding of a kind counts.
    """
    if not series_name(series_of_facts(index)).administered:
        return {}
    prints = (
        event
        for event in prints_in(workspace.store, administered_series(index.name))
        if event.recorded_at <= known_at
    )
    values = {event.effective_on: event.payload.value["value"] for event in prints}
    asked = (
        event.payload
        for event in told
        if isinstance(event.payload, IndexFinding) and event.payload.index == index.name
    )
    newest = {(one.what, one.publication_date): one for one in asked}
    return {key: _of_row(one) for key, one in newest.items() if _open(one, values)}


def _open(one: IndexFinding, values: Mapping[date, Any]) -> bool:
    """Return whether a row still waits.

    A row that awaits confirmation waits until its date has a print. Any other row waits until the series has
    its value.
    """
    if one.what == AWAITS:
        return one.publication_date not in values
    return values.get(one.publication_date) != one.now


def _of_row(one: IndexFinding) -> OpenFinding:
    return OpenFinding(one.publication_date, one.what, one.was, one.now)


def _collections(
    told: Sequence[Event], values: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, date], OpenFinding]:
    """Return the collections behind the newest prints that are open to question.

    A person accepted them by name, or they are not shown to be whole.
    """
    taken = (
        event.payload
        for event in told
        if isinstance(event.payload, SnapshotImported) and event.payload.accepted
    )
    accepted = {one.sha256: one.accepted for one in taken}
    return {(one.what, one.on): one for one in _accepted_days(accepted, values[-RECENT:])}


def _accepted_days(
    accepted: Mapping[str, tuple[str, ...]], values: Sequence[Mapping[str, Any]]
) -> Iterator[OpenFinding]:
    for day in (day for value in values for day in value.get("days") or ()):
        digest = day.get("snapshot")
        if digest in accepted:
            yield OpenFinding(
                date.fromisoformat(str(day["date"])), ACCEPTED, accepted=accepted[digest], snapshot=digest
            )
        if day.get("doubt"):
            yield OpenFinding(
                date.fromisoformat(str(day["date"])), DOUBTED, snapshot=digest, doubt=str(day["doubt"])
            )
