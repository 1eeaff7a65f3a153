"""Named Business Day calendars: dated tables with a source and a reason for each entry (`rulings.md` 36, 44).

"US" names no calendar: the Reserve Banks, SIFMA and the NYSE differ. A deadline names the calendar that made it and says
where it rests on a projected year.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from engine.basics.errors import HeadroomError, WrongUsage

SATURDAY = 5
DAY = timedelta(days=1)


class OutsideTable(HeadroomError):
    """A date that a calendar's table does not reach."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day on which a calendar's markets or banks are closed."""

    day: date
    reason: str
    source: str
    projected: bool


@dataclass(frozen=True)
class BusinessCalendar:
    """A named calendar; `first` and `last` bound the years that its table covers."""

    name: str
    holidays: Mapping[date, Holiday]
    first: date
    last: date

    def why_not(self, day: date) -> str | None:
        """Return why `day` is not a Business Day, or None if it is one. Raises OutsideTable beyond the table."""
        if not self.first <= day <= self.last:
            raise OutsideTable(f"{day} is outside the table of {self.name}, which runs from {self.first} to {self.last}")
        if day.weekday() >= SATURDAY:
            return f"{day:%A}"
        holiday = self.holidays.get(day)
        return holiday.reason if holiday else None

    def is_business_day(self, day: date) -> bool:
        """Return whether `day` is a Business Day."""
        return self.why_not(day) is None

    def add(self, day: date, n: int) -> date:
        """Return the n-th Business Day after `day`, before it for a negative n, `day` itself for 0.

        Business Days are counted from the day after the event (`covenants.md`).
        """
        step = DAY if n > 0 else -DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_business_day(day):
                day += step
        return day

    def roll(self, day: date, convention: str) -> date:
        """Return `day` moved by the deal's rule if it is not a Business Day."""
        if convention == "same day" or self.is_business_day(day):
            return day
        if convention == "previous business day":
            return self.add(day, -1)
        following = self.add(day, 1)
        if convention == "modified following" and following.month != day.month:
            return self.add(day, -1)
        return following

    def projected(self, first: date, last: date) -> bool:
        """Return whether any holiday between the days, both included, is a projection of the rule."""
        return any(holiday.projected for day, holiday in self.holidays.items() if first <= day <= last)


def known_calendars() -> tuple[str, ...]:
    """Return the names of the calendars that ship."""
    folder = files("deals") / "calendars"
    return tuple(sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv")))


@cache
def load_calendar(name: str) -> BusinessCalendar:
    """Return a calendar by name. Raises WrongUsage for one that does not ship, naming those that do."""
    known = known_calendars()
    if name not in known:
        raise WrongUsage(f"calendar `{name}` is not known; known are {', '.join(known)}")
    text = (files("deals") / "calendars" / f"{name}.csv").read_text(encoding="utf-8")
    rows = [_holiday(row) for row in csv.DictReader(text.splitlines())]
    first, last = min(row.day for row in rows), max(row.day for row in rows)
    holidays = {row.day: row for row in rows}
    return BusinessCalendar(name, holidays, date(first.year, 1, 1), date(last.year, 12, 31))


def _holiday(row: Mapping[str, str]) -> Holiday:
    return Holiday(date.fromisoformat(row["date"]), row["reason"], row["source"], row["projected"] == "yes")
