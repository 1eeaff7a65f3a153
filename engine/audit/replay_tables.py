"""Compute a change of a deal's table of Business Days again (`rulings.md` 36a).

The two tables that were kept give the change.
"""

from __future__ import annotations

from engine.evaluation.moved_deadlines import last_days_moved
from engine.events.calendar_events import CalendarTaken, tables_named
from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.events.running_state import Past
from engine.workspace.calendar_tables import closings_recorded, kept_table, taken, withdrawals
from engine.workspace.workspace import Workspace


def table_taken_again(workspace: Workspace, event: Event, before: Past) -> Draft:
    """Return the entry that comes out again: the days that differ, and the running deadlines that move."""
    payload: CalendarTaken = event.payload
    named = tables_named(one.payload for one in before.events).get(payload.calendar)
    former = kept_table(workspace, payload.calendar, named) if named is not None else None
    table = kept_table(workspace, payload.calendar, payload.sha256)
    back = withdrawals(closings_recorded(workspace), payload.calendar, event.recorded_at)
    again = taken(former, table, payload.since, last_days_moved(before.state, table, payload.since), back)
    count = sum(
        isinstance(one.payload, CalendarTaken) and one.subject == event.subject for one in before.events
    )
    return Draft(
        kind=event.kind, subject=payload.calendar, effective_on=payload.since, payload=again, print=count + 1
    )
