"""The record's facts about Business Days (rulings 36a).

They are closings that an operator adds, and the tables that a deal counts by.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from engine.basics.values import Fact
from engine.events.deal_adopted import DealAdopted
from engine.events.due_acts import Due


class CalendarClosing(Fact):
    """A day on which a calendar is closed beyond its table, as an operator enters it.

    Attributes:
        calendar: the calendar's name.
        day: the day.
        reason: why it is closed, in words.
        source: who said so, and where.
    """

    calendar: str
    day: date
    reason: str
    source: str


class ClosingWithdrawn(Fact):
    """The withdrawal of a closing that was entered in error; it counts from the moment it is recorded.

    Attributes:
        calendar: the name of the calendar.
        day: the day that had been entered as closed.
        reason: why the entry is taken back, in words.
        source: who said so, and where.
    """

    calendar: str
    day: date
    reason: str
    source: str


class CalendarEntry(Fact):
    """A day that a table treats differently from the table before it."""

    day: date
    closed: bool
    reason: str
    source: str


class LastDayMoved(Fact):
    """A running deadline that counts over a changed day: whose it is, and its last day before and after."""

    of: str
    before: date
    after: date


def cure_period_of(test: str) -> str:
    """Return whose deadline the last day of a test's Cure Period is."""
    return f"Cure Period of `{test}`"


def trigger_cure_of(trigger: str) -> str:
    """Return whose deadline the last day of a trigger's own cure is."""
    return f"cure of the trigger `{trigger}`"


def delivery_of(name: str, clause: str) -> str:
    """Return whose deadline the last day of an Obligation is."""
    return f"{name} under `{clause}`"


def notice_of(label: str, since: date) -> str:
    """Return whose deadline the last day of a notice is."""
    return f"the notice {label} of {since}"


def moved_by(move: LastDayMoved, due: Due) -> bool:
    """Return whether it is the last day of a due act that moved: to the same day, and of the same thing."""
    if move.after != due.by:
        return False
    if due.act == "cure":
        return move.of in (cure_period_of(due.subject), trigger_cure_of(due.subject))
    if due.act == "deliver":
        return due.facts is not None and move.of == delivery_of(due.facts.deliver or "", due.subject)
    # A due notice does not say since when it is owed, so the day at the end of the words is left out.
    of, labels = move.of.rpartition(" of ")[0], (due.notice, f"{due.notice}-{due.subject}")
    return due.act == "notify" and of in [f"the notice {label}" for label in labels]


class CalendarTaken(Fact):
    """The fact that a deal counts by another table of its calendar from a day on.

    Attributes:
        calendar: the calendar's name.
        sha256: the hash of the table, which is kept in `calendars/`.
        before_sha256: the hash of the table before it; None in a log that did not name its tables.
        since: the day from which it counts; what was closed or open before stays as it was.
        changes: the days that differ.
        moves: the running deadlines whose last day moves.
    """

    calendar: str
    sha256: str
    before_sha256: str | None
    since: date
    changes: tuple[CalendarEntry, ...]
    moves: tuple[LastDayMoved, ...]


def tables_named(payloads: Iterable[object]) -> dict[str, str]:
    """Return the hash of the newest table of each calendar by which a deal counts, by the calendar's name."""
    tables: dict[str, str] = {}
    for payload in payloads:
        if isinstance(payload, DealAdopted):
            tables |= payload.calendars
        elif isinstance(payload, CalendarTaken):
            tables[payload.calendar] = payload.sha256
    return tables
