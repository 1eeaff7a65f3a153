"""The tables of Business Days that a deal counts by (`rulings.md` 36a).

They are kept with the record, and taken again after a table has changed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from engine.basics.calendar import (
    BusinessCalendar,
    Holiday,
    differences,
    load_calendar,
    read_calendar,
    taken_from,
    with_closings,
    without,
)
from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.events.calendar_events import (
    CalendarClosing,
    CalendarEntry,
    CalendarTaken,
    ClosingWithdrawn,
    LastDayMoved,
    tables_named,
)
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event
from engine.events.log_names import SNAPSHOTS, deal_log
from engine.record.log import of_kinds
from engine.terms.as_written import Deal, calendars_of, day_of
from engine.workspace.documents import Document, keep_document, kept_documents
from engine.workspace.workspace import Workspace

OF_CLOSINGS = ("calendar closing", "calendar closing withdrawn")
"""The kinds of events by which an operator closes a day, or takes that back."""


def counted_by(workspace: Workspace, deal: Deal, events: Iterable[Event]) -> Deal:
    """Return the deal with the calendar tables that its log names.

    If the log names none, the deal counts by those that ship. Raises VerificationFailed if a table is not
    kept as it was.
    """
    payloads = [event.payload for event in events if isinstance(event.payload, DealAdopted | CalendarTaken)]
    named, since = (
        tables_named(payloads),
        {one.calendar: one.since for one in payloads if isinstance(one, CalendarTaken)},
    )
    tables = {name: kept_table(workspace, name, sha256) for name, sha256 in named.items()}
    return replace(deal, calendars=tables, counts_since=since) if tables else deal


def counted_on_record(workspace: Workspace, deal: Deal) -> Deal:
    """Return the deal with the calendar tables that its log on record names.

    Raises VerificationFailed if a table is not kept as it was.
    """
    named = of_kinds(workspace.store, deal_log(deal.name), "deal adopted", "calendar taken")
    return counted_by(workspace, deal, named)


def table_on_record(workspace: Workspace, name: str, events: Iterable[Event]) -> BusinessCalendar:
    """Return the table of a calendar that a log names last; the one that ships where it names none.

    Raises VerificationFailed if the table is not kept as it was.
    """
    named = tables_named(event.payload for event in events).get(name)
    return load_calendar(name) if named is None else kept_table(workspace, name, named)


def kept_table(workspace: Workspace, name: str, sha256: str) -> BusinessCalendar:
    """Return the table of a calendar by its hash: the one that ships, or the one that was kept.

    Raises VerificationFailed if neither has that hash.
    """
    try:
        ships = load_calendar(name)
    except WrongUsage:  # a calendar that this release does not have any more
        ships = None
    if ships is not None and ships.sha256 == sha256:
        return ships
    for path in kept_documents(workspace, sha256):
        table = table_in(name, bytes_in(path))
        # The name of a kept file is not believed; only the hash of what it holds is.
        if table is not None and table.sha256 == sha256:
            return table
    what = f"the table {sha256[:16]} of the calendar {name} in documents/ is missing or has been changed"
    raise VerificationFailed(f"{what}; put it back as it was, then `headroom verify`")


@lru_cache(maxsize=32)
def table_in(name: str, data: bytes) -> BusinessCalendar | None:
    """Return the table in the bytes of a kept file; None for bytes that are not a table.

    Nothing but the bytes decides it, so a replay that is given what a run has read from the same bytes is as
    independent as before.
    """
    try:
        return read_calendar(name, text_of(data))
    except (ValueError, KeyError, TypeError, csv.Error):
        return None


def keep_tables(workspace: Workspace, tables: Iterable[BusinessCalendar]) -> None:
    """Keep the tables that the record is about to name."""
    for table in tables:
        keep_document(workspace, Document(f"{table.name}.csv", table.sha256, table.text.encode()))


def closings_recorded(workspace: Workspace) -> tuple[Event, ...]:
    """Return every closing that an operator has entered or taken back, oldest first."""
    return of_kinds(workspace.store, SNAPSHOTS, *OF_CLOSINGS)


def closings_standing(closings: Iterable[Event]) -> dict[tuple[str, date], CalendarClosing]:
    """Return the closings that nobody has taken back, by calendar and day."""
    standing: dict[tuple[str, date], CalendarClosing] = {}
    for event in closings:
        said = event.payload
        standing.pop((said.calendar, said.day), None)
        if isinstance(said, CalendarClosing):
            standing[said.calendar, said.day] = said
    return standing


def tables_now(deal: Deal, closings: Sequence[Event], now: datetime) -> Mapping[str, BusinessCalendar]:
    """Return the table of each calendar of a deal as of a moment, by the calendar's name.

    Up to the day of the moment the table is the one by which the deal counted. From that day on it is the
    table that ships with the product, plus the closings that were entered in time.
    """
    return {name: _now(deal, name, closings, now) for name in calendars_of(deal)}


def tables_before(deal: Deal, closings: Sequence[Event], moment: datetime) -> Mapping[str, BusinessCalendar]:
    """Return the tables that an adoption names as they were at an earlier moment, by the calendar's name.

    A closing that was entered or taken back since then had no effect yet.
    """
    return {
        name: _closed(table, deal, [event for event in closings if event.payload.calendar == name], moment)
        for name, table in deal.calendars.items()
    }


def _now(deal: Deal, name: str, closings: Sequence[Event], now: datetime) -> BusinessCalendar:
    ships = load_calendar(name)
    table = taken_from(deal.calendars[name], ships, day_of(deal, now)) if name in deal.calendars else ships
    return _closed(table, deal, [event for event in closings if event.payload.calendar == name])


def _closed(
    table: BusinessCalendar, deal: Deal, closings: Sequence[Event], moment: datetime | None = None
) -> BusinessCalendar:
    """Return a table with the closings of its calendar that stand, at an earlier moment or now.

    What was closed or taken back only after its day is on record, but counts in no table.
    """
    # `<=` and not `<`: a closing that is entered on the day itself is in time.
    in_time = [event for event in closings if day_of(deal, event.recorded_at) <= event.payload.day]
    known = [event for event in in_time if moment is None or event.recorded_at < moment]
    standing = [_holiday(one) for one in closings_standing(known).values()]
    entered = [_holiday(one.payload) for one in in_time if isinstance(one.payload, CalendarClosing)]
    # Only the row that a closing has made is taken out; a holiday of the shipped table stays.
    opened = {row.day for row in entered if table.holidays.get(row.day) == row} - {
        row.day for row in standing
    }
    return with_closings(without(table, opened), standing)


def _holiday(said: CalendarClosing) -> Holiday:
    return Holiday(said.day, said.reason, said.source, False)


def withdrawals(closings: Iterable[Event], calendar: str, until: datetime) -> dict[date, ClosingWithdrawn]:
    """Return the newest withdrawal of each closing of a calendar, by its day.

    Only withdrawals recorded by the moment `until` count.
    """
    return {
        event.payload.day: event.payload
        for event in closings
        if isinstance(event.payload, ClosingWithdrawn)
        and event.payload.calendar == calendar
        and event.recorded_at <= until
    }


def taken(
    before: BusinessCalendar | None,
    after: BusinessCalendar,
    since: date,
    moves: Iterable[LastDayMoved],
    withdrawn: Mapping[date, ClosingWithdrawn],
) -> CalendarTaken:
    """Return the event that makes a deal count by another table from a day on.

    If a day is open again because its closing was taken back, the event says why and who said so.
    """
    entries = () if before is None else differences(before, after)
    return CalendarTaken(
        calendar=after.name,
        sha256=after.sha256,
        before_sha256=None if before is None else before.sha256,
        since=since,
        changes=tuple(_entry(row, closed, withdrawn.get(row.day)) for row, closed in entries),
        moves=tuple(moves),
    )


def _entry(row: Holiday, closed: bool, withdrawn: ClosingWithdrawn | None) -> CalendarEntry:
    """Return the entry of a day that a table treats differently, with the words of what changed it."""
    # A day can open without a withdrawal too, if a later shipped table leaves it out.
    if closed or withdrawn is None:
        return CalendarEntry(day=row.day, closed=closed, reason=row.reason, source=row.source)
    reason = f"its closing for {row.reason} is withdrawn: {withdrawn.reason}"
    return CalendarEntry(day=row.day, closed=False, reason=reason, source=withdrawn.source)
