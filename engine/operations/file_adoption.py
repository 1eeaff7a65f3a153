"""What a deal's log takes over from outside before a date is determined.

It takes a deal file, and the tables of the deal's Business Days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from engine.basics.calendar import BusinessCalendar
from engine.basics.files import write_whole
from engine.determination.template import Template
from engine.evaluation.carried_over import adoption
from engine.evaluation.moved_deadlines import last_days_moved
from engine.events.calendar_events import CalendarTaken, tables_named
from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.terms.as_written import Deal
from engine.wording.adopted_deal import adopted
from engine.workspace.calendar_tables import keep_tables, kept_table, taken, withdrawals
from engine.workspace.deal_files import adopted_path
from engine.workspace.workspace import Workspace


def file_adopted(
    workspace: Workspace, deal: Deal, events: Sequence[Event], templates: Mapping[str, Template]
) -> Iterator[Draft]:
    """Yield the adoption of a deal file, whose bytes are kept.

    Nothing comes if the newest file that the log has is the same.
    """
    known = [event for event in events if isinstance(event.payload, DealAdopted)]
    # Only the newest counts: a file that goes back to an earlier version is adopted again.
    if any(event.payload.file_sha256 == deal.sha256 for event in known[-1:]):
        return
    path = adopted_path(workspace, deal.sha256)
    if not path.exists():
        write_whole(path, deal.tree.text.encode())
    keep_tables(workspace, deal.calendars.values())
    payload = adopted(deal, templates)
    yield from adoption(deal, payload, len(known) + 1, templates)


def calendars_taken(
    workspace: Workspace,
    events: Sequence[Event],
    state: Callable[[], DealState],
    tables: Mapping[str, BusinessCalendar],
    since: date,
    closings: Iterable[Event],
    now: datetime,
) -> Iterator[Draft]:
    """Yield each calendar table by which the deal counts from now on and did not before.

    Each comes with the running deadlines that the table moves, for which alone `state` is asked.
    """
    named = tables_named(event.payload for event in events)
    for name, table in tables.items():
        if named.get(name) == table.sha256:
            continue
        keep_tables(workspace, [table])
        before = kept_table(workspace, name, named[name]) if name in named else None
        back = withdrawals(closings, name, now)
        payload = taken(before, table, since, last_days_moved(state(), table, since), back)
        count = sum(isinstance(event.payload, CalendarTaken) and event.subject == name for event in events)
        yield Draft(kind="calendar taken", subject=name, effective_on=since, payload=payload, print=count + 1)
