"""What a notice says of a change of its calendar: the days that differ, their source, and what they moved.

A reader who counts by another table would otherwise find another last day (`rulings.md` 36a).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from engine.events.calendar_events import CalendarEntry, CalendarTaken, LastDayMoved
from reports.formats import listed, short_date, with_dates
from reports.notice import log_lookup as log
from reports.notice.view import Brief

NAMED = re.compile("`([^`]*)`")
"""The key of a clause, as an event names it."""


def calendar_words(brief: Brief, last_days: Iterable[date]) -> str:
    """Return one sentence or more for each change that moved a deadline of the notice; empty without one.

    Args:
        brief: the notice.
        last_days: the last days of the deadlines that the notice states.
    """
    stated = set(last_days)
    changes = log.payloads(brief.past.of("calendar taken"), CalendarTaken)
    return " ".join(
        sentence for change in changes for sentence in _of(brief, change, _felt(change.moves, stated))
    )


def _felt(moves: Iterable[LastDayMoved], stated: set[date]) -> list[LastDayMoved]:
    """Return the moves that lead to a day on which something in the notice is due."""
    return [move for move in moves if move.after in stated]


def _of(brief: Brief, change: CalendarTaken, moves: list[LastDayMoved]) -> Iterator[str]:
    if not moves:
        return
    days = listed([_day(entry) for entry in change.changes], "and")
    yield f"The calendar {change.calendar} has changed since {short_date(change.since)}: {days}."
    moved = listed(
        [
            f"{_whose(brief, one.of)} from {short_date(one.before)} to {short_date(one.after)}"
            for one in moves
        ],
        "and",
    )
    yield f"The last day moved for {moved}."


def _day(entry: CalendarEntry) -> str:
    stands = "is closed" if entry.closed else "is open"
    return f"{short_date(entry.day)} {stands}, {with_dates(entry.reason)} ({with_dates(entry.source)})"


def _moved(brief: Brief, move: LastDayMoved) -> str:
    return f"{_whose(brief, move.of)} from {short_date(move.before)} to {short_date(move.after)}"


def _whose(brief: Brief, of: str) -> str:
    """Return whose deadline it is, with its clause as the agreement calls it."""
    return NAMED.sub(lambda match: brief.title(match[1]), with_dates(of))
