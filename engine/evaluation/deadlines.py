"""Deadlines: from an event, a period and a named calendar to a last day (`covenants.md`, Obligations).

The ruling is `rulings.md` 24.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from engine.events.states import Deadline
from engine.terms.contract_dates import counted, months_before
from engine.terms.periods import Period
from engine.terms.phrases import Cap, Caps


class BusinessDays(Protocol):
    """What a clock needs of a calendar. `engine.basics.calendar.BusinessCalendar` provides it."""

    @property
    def name(self) -> str:
        """The calendar's name, as the notice prints it."""

    def add(self, day: date, n: int, /) -> date:
        """Return the n-th Business Day after `day`."""

    def is_business_day(self, day: date, /) -> bool:
        """Return whether the day is a Business Day."""

    def projected(self, first: date, last: date, /) -> bool:
        """Return whether a holiday between these days is only projected."""


def deadline(
    start: date, within: Period, calendar: BusinessDays, cite: str, event: str, seen_on: date
) -> Deadline:
    """Return the last day of `within`, counted from the day after `start`.

    Args:
        start: the date of the event that starts the clock.
        within: the period, in Business Days, days or weeks.
        calendar: the deal's Business Days.
        cite: the section that sets the period.
        event: what started the clock, for the printed rule.
        seen_on: the date being determined; a deadline before it was found late.
    """
    last = counted(start, within, calendar.add)
    return Deadline(
        by=last,
        counted_from=start,
        rule=f"{within} after the {event}",
        calendar=calendar.name if within.unit == "business days" else "calendar days",
        cite=cite,
        # A count of calendar days does not ask for holidays, so a projected one cannot move it.
        projected=within.unit == "business days" and calendar.projected(start, last),
        # A deadline that ends on the date seen has not passed yet, so it was not found late.
        found_late_on=seen_on if last < seen_on else None,
    )


def used_up(at_most: Caps | None, used: Sequence[date], on: date) -> bool:
    """Return whether a cure right has been used by a day as often as the deal allows.

    `used` holds the days on which it was used.
    """
    return at_most is not None and any(_used(used, cap, on) >= cap.count for cap in at_most.each)


def _used(used: Sequence[date], cap: Cap, on: date) -> int:
    """Return how often the cure right has been used in the time that a cap looks at."""
    since = date.min if cap.months is None else months_before(on, cap.months)
    # A use exactly so many months ago has left the time that the cap looks at.
    return sum(one > since for one in used)


def day_after(deadline_: Deadline) -> date:
    """Return the day after a deadline's last day, on which it takes effect if it passed unused.

    It does not depend on the day on which the program runs.
    """
    return deadline_.by + timedelta(days=1)
