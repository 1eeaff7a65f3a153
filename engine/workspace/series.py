"""The published series of each index: computed from the archive, recorded once, never changed.

Index events live in a log of their own (`rulings.md` 11). A published value fixes the snapshots that it used.
A snapshot imported later never changes it (`rulings.md` 6). Only snapshots on record are used. A file that an
interrupted import left in the archive is not known before it is imported again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from engine.basics.errors import WrongUsage
from engine.determination.accepted_prints import Policy, accepted, in_error
from engine.determination.carried_prints import with_carried
from engine.determination.day_read import LAST_FINAL, daily_readings
from engine.events.deal_adopted import IndexFacts
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Event
from engine.events.log_names import CURRENT, administered_series, computed_series, series_among, series_name
from engine.events.market_events import IndexAnnounced, IndexPublished, ListingsExcluded, SnapshotImported
from engine.events.rates import Announced, Published
from engine.market.index import compute, definition
from engine.market.index_value import IndexValue
from engine.market.listing import Override
from engine.market.methodology import known_versions, load_methodology, materially_different
from engine.record.key_spans import of_kind
from engine.record.log import SNAPSHOTS, event_of, of_kinds, prints_in, read
from engine.terms.as_written import Deal, calendar_on, day_of, index_terms, indices, resolve
from engine.terms.contract_dates import cut_off_on, publication_dates
from engine.terms.in_force import IndexTerms
from engine.workspace.workspace import Workspace

ADMINISTRATOR = "published by the administrator"


def series_of(name: str, terms: IndexTerms) -> str:
    """Return the name of the series that a deal's index is read from.

    It is the administrator's, or ours under a pinned version or the current one.
    """
    if terms.source == ADMINISTRATOR:
        return administered_series(name)
    pinned = terms.methodology.version if terms.methodology.policy == "pinned" else None
    return computed_series(name, pinned or CURRENT)


def series_of_facts(index: IndexFacts) -> str:
    """Return the name of the series of a deal's index, from what the log says about the index."""
    if index.source == ADMINISTRATOR:
        return administered_series(index.name)
    pinned = index.version if index.policy == "pinned" else None
    return computed_series(index.name, pinned or CURRENT)


def over(publication: date, zone: str, now: datetime) -> bool:
    """Return whether a Publication Date has ended in the administrator's zone.

    Only after its end does silence count as a non-publication.
    """
    end = datetime.combine(publication + timedelta(days=1), time(), ZoneInfo(zone))
    # At the next midnight itself the date is over, so `>=`.
    return now >= end.astimezone(UTC)


def known_series(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the series on record."""
    return series_among(workspace.store.logs())


def on_record(workspace: Workspace, series: str) -> Sequence[Event]:
    """Return every print of a series, oldest first.

    Raises WrongUsage, naming those on record, if the series is not on record.
    """
    events = prints_in(workspace.store, series)
    if not events:
        raise WrongUsage(
            f"the series {series} does not exist; there are "
            f"{', '.join(known_series(workspace)) or 'none yet'}"
        )
    return events


def computed(
    workspace: Workspace,
    index: str,
    version: str,
    window_end: date,
    known_at: datetime | None = None,
    overridden_by: datetime | None = None,
) -> IndexValue:
    """Return one week's value from the workspace's snapshots, on record or not; nothing is recorded.

    Args:
        workspace: the workspace whose snapshots and overrides are used.
        index: the index.
        version: the methodology.
        window_end: the last day of the window.
        known_at: leaves out what was collected, or overridden, later.
        overridden_by: leaves out overrides that were recorded later, for a print that is computed again.
    """
    # Both ends count, so six days back make a window of seven.
    snapshots = workspace.archive.between(window_end - timedelta(days=6), window_end)
    overrides = overrides_of(read(workspace.store, SNAPSHOTS), index, overridden_by or known_at)
    beside = [load_methodology(version) for version in known_versions()]
    return compute(
        definition(index, workspace.indices),
        load_methodology(version),
        snapshots,
        window_end,
        known_at,
        overrides,
        beside,
    )


def overrides_of(imported: Iterable[Event], index: str, by: datetime | None = None) -> tuple[Override, ...]:
    """Return the Manifest Error Overrides of an index, oldest first, as far as recorded by a time."""
    payloads = (event.payload for event in imported if by is None or event.recorded_at <= by)
    excluded = (
        payload for payload in payloads if isinstance(payload, ListingsExcluded) and payload.index == index
    )
    return tuple(
        Override(payload.snapshot, frozenset(payload.listings), payload.disclosed) for payload in excluded
    )


def on_record_computed(
    workspace: Workspace,
    index: str,
    version: str,
    publication: date,
    imported: Iterable[Event],
    by: datetime | None = None,
    others: Iterable[str] | None = None,
) -> IndexValue:
    """Return the value of one Publication Date from the snapshots that were on record by a time.

    What else lies in the archive does not count.

    Args:
        workspace: the workspace whose archive holds them.
        index: the index.
        version: the methodology.
        publication: the Publication Date; its window ends the day before.
        imported: the log of snapshots.
        by: leaves out what was recorded later, if given.
        others: the other versions whose values stand beside it; all that ship unless given. A print that is
            made again gives them.
    """
    # An entry of that very moment counts: it was on record by then.
    there = tuple(event for event in imported if by is None or event.recorded_at <= by)
    known = {event.payload.sha256 for event in there if isinstance(event.payload, SnapshotImported)}
    end = publication - timedelta(days=1)
    snapshots = [
        snapshot
        for snapshot in workspace.archive.between(end - timedelta(days=6), end)
        if snapshot.sha256 in known
    ]
    overrides = overrides_of(there, index)
    beside = [load_methodology(version) for version in (known_versions() if others is None else others)]
    return compute(
        definition(index, workspace.indices),
        load_methodology(version),
        snapshots,
        end,
        None,
        overrides,
        beside,
    )


def imported_for(workspace: Workspace, publication: date) -> tuple[Event, ...]:
    """Return what the log of snapshots says for one Publication Date, oldest first.

    That is what it says of the snapshots of its window, and every exclusion of listings. No other entry is
    read, for this is the longest log of all.
    """
    window = publication - timedelta(days=7), publication - timedelta(days=1)
    keys = [f"snapshot imported|{sha256}|{day}" for day, sha256 in workspace.archive.named(*window)]
    spans = [of_kind("listings excluded"), *map(of_kind, keys)]
    with workspace.store.read() as reader:
        return tuple(map(event_of, reader.among(SNAPSHOTS, spans)))


def draft(value: IndexValue, reason: str | None = None) -> Draft:
    """Return the event of one print, before it is recorded."""
    return Draft(
        kind="index published",
        subject=value.index,
        effective_on=value.publication_date,
        payload=IndexPublished(value=value.model_dump(mode="json"), reason=reason),
        print=value.print,
        inputs=value.inputs,
    )


_READ: dict[str, Published] = {}
"""Prints that were read, by the hash of their event, which binds all that they say."""
AT_MOST = 4_096


def published(event: Event) -> Published:
    """Return the light form of a recorded print, as a deal uses it.

    When it was recorded becomes a date only in the time zone of a deal.
    """
    if event.leaf in _READ:
        return _READ[event.leaf]
    if len(_READ) >= AT_MOST:
        # Emptied whole: what is asked for again is read again, and no order of use has to be kept.
        _READ.clear()
    recorded = _published(event)
    # An imagined event has not got a hash, and two of them are not the same print.
    if event.leaf:
        _READ[event.leaf] = recorded
    return recorded


def _published(event: Event) -> Published:
    value = IndexValue.model_validate(event.payload.value)
    return Published(
        index=value.index,
        publication_date=value.publication_date,
        value=value.value,
        print=value.print,
        methodology=value.methodology,
        source=value.source,
        low_confidence=value.low_confidence,
        low_confidence_reasons=value.low_confidence_reasons,
        low=value.interval.low if value.interval else None,
        high=value.interval.high if value.interval else None,
        observations=value.observations,
        valid_days=value.valid_days,
        hosts=value.hosts,
        largest_host_share=value.largest_host_share,
        hosts_at_least=value.hosts_at_least,
        pooled=value.pooled,
        final_at=value.final_at,
        seller_low=value.seller_interval.low if value.seller_interval else None,
        seller_high=value.seller_interval.high if value.seller_interval else None,
        sellers=value.sellers,
        published_on=value.published_on or (value.publication_date if value.print == 1 else None),
        event=event.leaf,
    )


def announcements(workspace: Workspace) -> dict[str, tuple[Announced, ...]]:
    """Return what administrators announced, by index, in the order of the record.

    A Restatement of a date is left out, because its print states it as the reason.
    """
    by_index: dict[str, tuple[Announced, ...]] = {}
    for event in of_kinds(workspace.store, SNAPSHOTS, "index announced"):
        said: IndexAnnounced = event.payload
        if said.what != "restatement":
            announcement = Announced(
                what=said.what, effective_on=said.effective_on, recorded_at=event.recorded_at
            )
            by_index[said.index] = (*by_index.get(said.index, ()), announcement)
    return by_index


Prints = Callable[[str], Sequence[tuple[datetime, Published]]]
"""A function from a series to its prints and when each was recorded, oldest first."""


def prints_of(workspace: Workspace) -> Prints:
    """Return a reader of a workspace's series as they are now. Each series is read once."""
    said = cache(partial(announcements, workspace))

    @cache
    def prints(series: str) -> tuple[tuple[datetime, Published], ...]:
        announced = said().get(series_name(series).index, ())
        events = prints_in(workspace.store, series)
        return tuple(
            (event.recorded_at, published(event).model_copy(update={"announced": announced}))
            for event in events
        )

    return prints


def dated(deal: Deal, recorded_at: datetime, publication: Published, known_at: datetime | None) -> Published:
    """Return a print with its record's date in the deal's time zone.

    It has what was announced by the time `known_at`.
    """
    recorded_on = day_of(deal, recorded_at)
    announced = tuple(
        said for said in publication.announced if known_at is None or said.recorded_at <= known_at
    )
    of_deal = {
        "recorded_on": recorded_on,
        "published_on": publication.published_on or recorded_on,
        "announced": announced,
    }
    return publication.model_copy(update=of_deal)


def _by_publication_date(
    prints: Sequence[tuple[datetime, Published]], deal: Deal, name: str, until: date
) -> Iterable[tuple[datetime, Published]]:
    """Return the prints of a series under Publication Dates.

    A weekly series is returned as it is, a daily one as the deal reads it. Raises WrongUsage if the deal
    takes a daily series for a weekly one, or the reverse.
    """
    daily = any(publication.final_at is not None for _, publication in prints)
    says = {index_terms(deal, name, since).cadence for since, _ in deal.segments}
    # A series without a value so far shows no cadence, so it contradicts nothing.
    valued = any(publication.value is not None for _, publication in prints)
    if valued and daily != ("daily" in says):
        read, said = ("daily", "weekly") if daily else ("weekly", "daily")
        raise WrongUsage(
            f"the series of {name} on record is {read}, and the deal reads it as {said}: see its `cadence`"
        )
    if not daily:
        return prints
    dates = publication_dates(deal.closing_date + timedelta(days=1), until)
    return daily_readings(
        prints,
        dates,
        lambda on: index_terms(deal, name, on).day_read or LAST_FINAL,
        partial(cut_off_of, deal),
    )


def cut_off_of(deal: Deal, on: date) -> datetime:
    """Return the earliest moment at which a date of a deal is determined: its cut-off (`rulings.md` 26a)."""
    return cut_off_on(resolve(deal, on), on)


def series_by_index(
    prints: Prints,
    deal: Deal,
    until: date,
    acts: Iterable[ActRecorded] = (),
    known_at: datetime | None = None,
) -> dict[str, tuple[Published, ...]]:
    """Return, for each index of a deal, the print that the deal accepts of each date, oldest date first.

    Each date is read from the series in force on it, and each print is judged by the terms in force on it. So
    an amendment reaches no further back than it says.

    Args:
        prints: reads a series, as `prints_of` a workspace does.
        deal: the deal whose terms decide.
        until: the indices that the deal has named by this date are read.
        acts: the deal's Recorded Acts, among which are its consents to methodology versions and the manifest
            errors that it found.
        known_at: leaves out what was recorded later.
    """
    acts = tuple(acts)
    consents = {
        act.details["version"]: act.effective_on
        for act in acts
        if act.act == "consent" and "version" in act.details
    }
    by_index = {}
    for name in indices(deal, until):
        terms = partial(index_terms, deal, name)
        known = [
            dated(deal, at, publication, known_at)
            # An amendment can move an index to another series; each series is read once, in order of time.
            for series in dict.fromkeys(series_of(name, terms(since)) for since, _ in deal.segments)
            for at, publication in _by_publication_date(prints(series), deal, name, until)
            if (known_at is None or at <= known_at)
            # A date counts only in the series in force on it, although both series may have a print of it.
            and series_of(name, terms(publication.publication_date)) == series
        ]
        by_index[name] = accepted(
            known,
            Policy(terms, partial(calendar_on, deal), materially_different, consents, in_error(acts, name)),
        )
    return by_index if deal.takeover is None else with_carried(deal.takeover, by_index)
