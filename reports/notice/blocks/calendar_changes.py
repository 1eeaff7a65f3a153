"""What a notice says of a change of its calendar: the days that differ, their source, and what they moved.

A reader who counts by another table would otherwise find another last day (`rulings.md` 36a).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.events.calendar_events import CalendarEntry, CalendarTaken, LastDayMoved, moved_by
from engine.events.due_acts import Due
from reports.formats import listed, short_date, with_dates
from reports.notice import log_lookup as log
from reports.notice.due_sentences import told_of
from reports.notice.view import Brief

NAMED = re.compile("`([^`]*)`")
"""The key of a clause, as an event names it."""


def calendar_words(brief: Brief, owed: Sequence[Due]) -> str:
    """Return one sentence or more for each change that moved a deadline of the notice; empty without one.

    Args:
        brief: the notice.
        owed: what the notice states as due.
    """
    changes = log.payloads(brief.past.of("calendar taken"), CalendarTaken)
    return " ".join(sentence for change in changes for sentence in _of(brief, change, owed))


def _of(brief: Brief, change: CalendarTaken, owed: Sequence[Due]) -> Iterator[str]:
    """Yield what a change is and what it moved, if it moved something that the notice states."""
    stated = [(move, next((due for due in owed if moved_by(move, due)), None)) for move in change.moves]
    moved = [_moved(brief, move, due) for move, due in stated if due is not None]
    if moved:
        days = listed([_day(entry) for entry in change.changes], "and")
        yield f"From {short_date(change.since)} on, the calendar {change.calendar} counts {days}."
        yield f"The last day moved for {listed(moved, 'and')}."


def _day(entry: CalendarEntry) -> str:
    stands = "closed" if entry.closed else "open"
    return f"{short_date(entry.day)} as {stands}, {with_dates(entry.reason)} ({with_dates(entry.source)})"


def _moved(brief: Brief, move: LastDayMoved, due: Due) -> str:
    """Return whose deadline moved, with its clause as the agreement calls it, and both last days."""
    whose = NAMED.sub(lambda match: brief.title(match[1]), move.of)
    if due.act == "notify":
        whose = f"the notice {told_of(due, brief.title, brief.trigger_title)}"
    return f"{whose} from {short_date(move.before)} to {short_date(move.after)}"
