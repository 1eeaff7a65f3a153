"""Record what an index published, and what a restatement changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine.basics.errors import WrongUsage, dates_there
from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.events.log_names import CURRENT, administered_series, series_name
from engine.events.market_events import AWAITS, IndexFinding
from engine.market.administrator_series import unpublished
from engine.market.index_value import IndexValue
from engine.market.methodology import current_version, load_methodology
from engine.record.log import SNAPSHOTS, Scribe, append, index_log, of_kinds, read
from engine.terms.contract_dates import publication_dates
from engine.workspace.prints_lately import PrintsLately
from engine.workspace.series import draft, imported_for, on_record, on_record_computed, over
from engine.workspace.workspace import Workspace


def publish(workspace: Workspace, series: str, first: date, last: date, scribe: Scribe) -> tuple[Event, ...]:
    """Record what each Publication Date from `first` to `last` gave, and return the new events.

    Dates that are on record already give no event.
    """
    drafts = prints_due(workspace, series, first, last, scribe.at)
    if not drafts:
        return ()
    with workspace.store.begin() as writer:
        return append(writer, index_log(series), drafts, scribe)


def prints_due(workspace: Workspace, series: str, first: date, last: date, at: datetime) -> list[Draft]:
    """Return what each Publication Date from `first` to `last` gave and is not recorded yet, oldest first.

    A date without a value is due only once it is over. Of the administrator's series only its silence is.
    """
    name = series_name(series)
    index, theirs = name.index, name.administered
    # An administrator's series has no version of ours; the version only says when its day is over.
    version = current_version() if theirs or name.version == CURRENT else name.version
    zone = load_methodology(version).zone
    prints = PrintsLately(workspace)
    known = prints.known(series).newest
    waiting = awaiting(workspace, prints, index) if theirs else frozenset()
    drafts = []
    for day in publication_dates(first, last):
        if f"{day}" in known or (theirs and _read_in_the_week_of(prints, series, day)):
            continue
        # The later dates wait as well, so that a series is published in the order of its dates.
        if day in waiting:
            break
        value = (
            unpublished(index, day)
            if theirs
            else on_record_computed(workspace, index, version, day, imported_for(workspace, day), at)
        )
        # Until the date is over, a snapshot may still give it a value; a non-publication is for good.
        if value.value is None and not over(day, zone, at):
            break
        drafts.append(draft(value))
    return drafts


def _read_in_the_week_of(prints: PrintsLately, series: str, day: date) -> bool:
    """Return whether an administrator's daily series has a value in the week up to a date.

    The date then needs no record of its own.
    """
    week = (f"{day - timedelta(days=n)}" for n in range(1, 7))
    there = [on for on in week if on in prints.known(series).newest]
    read = prints.of_dates(series, there) if there else []
    # A row without a value is final as well, and hides no silence.
    return any(one.final_at is not None and one.value is not None for _, one in read)


def awaiting(workspace: Workspace, prints: PrintsLately, index: str) -> frozenset[date]:
    """Return the dates of an administrator's series whose value a person has still to confirm."""
    asked = set()
    for event in of_kinds(workspace.store, SNAPSHOTS, "index finding"):
        payload: IndexFinding = event.payload
        if payload.index == index and payload.what == AWAITS:
            asked.add(payload.publication_date)
    taken = prints.known(administered_series(index)).newest
    return frozenset(day for day in asked if f"{day}" not in taken)


def restated(workspace: Workspace, series: str, publication: date) -> tuple[Event, IndexValue]:
    """Return the newest print of a Publication Date, and what today's snapshots would give.

    The two are equal if nothing has changed.

    Raises WrongUsage for a date that the series does not hold, and for the administrator's own series.
    """
    name = series_name(series)
    if name.administered:
        raise WrongUsage("the administrator's series is restated by its administrator; import the new row")
    events = on_record(workspace, series)
    prints = [event for event in events if event.effective_on == publication]
    if not prints:
        there = dates_there((event.effective_on for event in events), publication)
        raise WrongUsage(f"{series} has no publication of {publication}; of its dates {there}")
    methodology = current_version() if name.version == CURRENT else name.version
    again = on_record_computed(
        workspace, name.index, methodology, publication, read(workspace.store, SNAPSHOTS)
    )
    return prints[-1], again.model_copy(update={"print": prints[-1].print + 1})
