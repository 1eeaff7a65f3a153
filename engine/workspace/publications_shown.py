"""What a notice shows of the indices: the publications that the deal read, as the index logs hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from engine.basics.regular_files import bytes_in
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.kinds import Event
from engine.events.rates import Published, ReferenceRate
from engine.record.log import prints_in
from engine.workspace.series import series_of_facts
from engine.workspace.workspace import Workspace


def publications_shown(
    workspace: Workspace, deal: DealAdopted, on: date, known_at: datetime, events: Sequence[Event]
) -> dict[str, list[dict[str, Any]]]:
    """Return, for each index in force on a date, what each Publication Date gave.

    Each date is read from the series in force on that date. For a daily series it is the day that the deal
    read, under the Publication Date.

    Args:
        workspace: the workspace whose record it is.
        deal: the deal as it was adopted.
        on: the Determination Date.
        known_at: what was recorded later is not shown.
        events: the deal's log up to the notice.
    """
    read_of = {
        publication.event: publication
        for publication in _published(events)
        if publication.read_of is not None
    }
    shown = {}
    for name in (index.name for index in facts_on(deal, on).indices):
        series = partial(_series_on, deal, name)
        prints: dict[date, dict[str, Any]] = {
            event.effective_on
            if event.leaf not in read_of
            else read_of[event.leaf].publication_date: _as_read(event, read_of)
            for series_name in dict.fromkeys(
                filter(None, map(series, (deal.closing_date, *(later.since for later in deal.later_facts))))
            )
            for event in prints_in(workspace.store, series_name)
            if event.effective_on <= on
            and event.recorded_at <= known_at
            and series(event.effective_on) == series_name
            if event.payload.value.get("cadence") != "daily" or event.leaf in read_of
        }
        shown[name] = [prints[day] for day in sorted(prints)]
    return shown


def _published(events: Sequence[Event]) -> Iterator[Published]:
    """Yield the prints that a deal's rates rest on."""
    rates = (event.payload for event in events if isinstance(event.payload, ReferenceRate))
    yield from (rate.published for rate in rates if rate.published is not None)


def _as_read(event: Event, read_of: Mapping[str | None, Published]) -> dict[str, Any]:
    """Return a print's JSON.

    A print of a daily series stands under the Publication Date that read it, with its own day beside.
    """
    value = dict(event.payload.value)
    if event.leaf not in read_of:
        return value
    return {
        **value,
        "publication_date": str(read_of[event.leaf].publication_date),
        "read_of": str(event.effective_on),
    }


def _series_on(deal: DealAdopted, name: str, day: date) -> str | None:
    """Return the series of an index by the terms of a day.

    Before the deal names the index, the first terms that do count.
    """
    versions = [facts_on(deal, day), deal, *(facts_on(deal, later.since) for later in deal.later_facts)]
    return next(
        (series_of_facts(index) for version in versions for index in version.indices if index.name == name),
        None,
    )


def adopted_file(workspace: Workspace, sha256: str | None) -> bytes | None:
    """Return the bytes of an adopted deal file, or None if no file has that hash."""
    path = workspace.root / "deals" / "adopted" / f"{sha256}.yaml"
    return bytes_in(path) if sha256 is not None and path.is_file() else None
