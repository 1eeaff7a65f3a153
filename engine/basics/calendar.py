"""Named Business Day calendars: dated tables with a source and a reason for each entry (`rulings.md` 36, 44).

"US" does not name a calendar: the Reserve Banks, SIFMA and the NYSE differ. A deadline names the calendar
that made the deadline, and says if it rests on a projected year. A table goes by the hash of its text. A
changed table counts from a stated day on (`rulings.md` 36a).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from io import StringIO

from engine.basics.errors import HeadroomError, WrongUsage

SATURDAY = 5
COLUMNS = ("date", "reason", "source", "projected")
DAY = timedelta(days=1)


class OutsideTable(HeadroomError):
    """Raised for a date that lies outside the years of a calendar's table."""


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

    @cached_property
    def text(self) -> str:
        """The table as CSV text, the form in which it is kept and hashed."""
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        rows = (self.holidays[day] for day in sorted(self.holidays))
        writer.writerows(
            (row.day.isoformat(), row.reason, row.source, "yes" if row.projected else "no") for row in rows
        )
        return out.getvalue()

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the table's CSV text, which is the text of its file."""
        return sha256(self.text.encode()).hexdigest()

    def why_not(self, day: date) -> str | None:
        """Return the reason why `day` is not a Business Day, or None if it is one.

        Raises OutsideTable if the table does not reach `day`.
        """
        if not self.first <= day <= self.last:
            raise OutsideTable(
                f"{day} is outside the table of {self.name}, which runs from {self.first} to {self.last}"
            )
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
            # A table's end raises here. A guess beyond it would be a deadline that nobody published.
            while not self.is_business_day(day):
                day += step
        return day

    def roll(self, day: date, convention: str) -> date:
        """Return `day`, or the Business Day that the deal's convention moves it to if it is not one."""
        if convention == "same day" or self.is_business_day(day):
            return day
        if convention == "previous business day":
            return self.add(day, -1)
        following = self.add(day, 1)
        # The next Business Day may lie in the next month, and would then move a payment out of its period.
        if convention == "modified following" and following.month != day.month:
            return self.add(day, -1)
        return following

    def projected(self, first: date, last: date) -> bool:
        """Return whether a holiday from `first` to `last`, both included, is only projected by rule."""
        return any(holiday.projected for day, holiday in self.holidays.items() if first <= day <= last)


@cache
def known_calendars() -> tuple[str, ...]:
    """Return the names of the calendars that ship with Headroom."""
    folder = files("deals") / "calendars"
    return tuple(
        sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv"))
    )


@cache
def load_calendar(name: str) -> BusinessCalendar:
    """Return the calendar of this name. Raises WrongUsage, naming those that ship, if it does not ship."""
    known = known_calendars()
    if name not in known:
        raise WrongUsage(f"calendar `{name}` is not known; known are {', '.join(known)}")
    return read_calendar(name, (files("deals") / "calendars" / f"{name}.csv").read_text(encoding="utf-8"))


def read_calendar(name: str, text: str) -> BusinessCalendar:
    """Return the calendar in the CSV text of its table. Raises KeyError or ValueError for any other text."""
    return _table(name, (_holiday(row) for row in csv.DictReader(text.splitlines())))


def with_closings(calendar: BusinessCalendar, closings: Iterable[Holiday]) -> BusinessCalendar:
    """Return the calendar with further days on which it is closed.

    A day that is closed already keeps its own reason.
    """
    further = {closing.day: closing for closing in closings if closing.day not in calendar.holidays}
    return _table(calendar.name, {**calendar.holidays, **further}.values()) if further else calendar


def without(calendar: BusinessCalendar, days: Iterable[date]) -> BusinessCalendar:
    """Return the calendar without its entries for these days, which thereby are open again."""
    opened = frozenset(days)
    return (
        _table(calendar.name, (row for day, row in calendar.holidays.items() if day not in opened))
        if opened
        else calendar
    )


def taken_from(before: BusinessCalendar, table: BusinessCalendar, since: date) -> BusinessCalendar:
    """Return a calendar that follows `before` up to the day `since`, and `table` from that day on.

    The past stays as it was counted (`rulings.md` 36a).
    """
    # `<`: the table counts from the day `since` itself on (`rulings.md` 36a).
    past = [row for row in before.holidays.values() if row.day < since]
    both = _table(before.name, [*past, *(row for row in table.holidays.values() if row.day >= since)])
    # If nothing differs, as on nearly every day, the tables themselves come back: their hashes are known.
    return next((one for one in (table, before) if one == both), both)


def differences(before: BusinessCalendar, after: BusinessCalendar) -> Iterator[tuple[Holiday, bool]]:
    """Yield (entry, closed now) for each day that only one of two tables closes, in the order of the days.

    The entry is that of the table that closes the day. `closed now` is True if that table is `after`.
    """
    for day in sorted({*before.holidays} ^ {*after.holidays}):
        closed = day in after.holidays
        yield (after if closed else before).holidays[day], closed


def _table(name: str, rows: Iterable[Holiday]) -> BusinessCalendar:
    holidays = {row.day: row for row in rows}
    return BusinessCalendar(name, holidays, date(min(holidays).year, 1, 1), date(max(holidays).year, 12, 31))


def _holiday(row: Mapping[str, str]) -> Holiday:
    return Holiday(date.fromisoformat(row["date"]), row["reason"], row["source"], row["projected"] == "yes")
