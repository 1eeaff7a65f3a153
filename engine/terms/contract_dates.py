"""When a deal is tested and when its money moves: dates from terms and calendars (`rulings.md` 2, 28).

A Publication Date is every Thursday, whatever the calendar says of it. A Determination Date is what the deal
says, moved by the deal's own rule if it is not a Business Day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.basics.calendar import BusinessCalendar
from engine.terms.field_types import MONTHS
from engine.terms.in_force import TermsInForce
from engine.terms.periods import END_OF_DAY, ClockTime, Period, RelativePeriod
from engine.terms.report_terms import ServicerReports

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THURSDAY = 3
WEEK = timedelta(days=7)
MOVED_AT_MOST = timedelta(days=31)
"""The most by which the Business Day rule can move a date."""


def publication_dates(first: date, last: date) -> Iterator[date]:
    """Yield every Thursday from `first` to `last`, both included."""
    return weekly(THURSDAY, first, last)


def weekly(weekday: int, first: date, last: date) -> Iterator[date]:
    """Yield every date on a given weekday (Monday is 0) from `first` to `last`, both included."""
    # The remainder is never negative in Python, so a weekday earlier in the week lands in the next one.
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    while day <= last:
        yield day
        day += WEEK


def monthly(day: int, months: Collection[int], first: date, last: date) -> Iterator[date]:
    """Yield day `day` of each of the given months of every year, from `first` to `last`.

    In a month without that day it is the month's last day.
    """
    year, month = first.year, first.month
    # The first month may have its day before `first`, so the walk begins there and the day is compared.
    while (at := _day_of(year, month, day)) <= last:
        if at >= first and month in months:
            yield at
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def months_before(day: date, months: int) -> date:
    """Return the same day of the month, `months` months earlier.

    In a month without that day it is the month's last day.
    """
    # Months count from zero here, so that a division alone finds the year.
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return _day_of(year, month + 1, day.day)


def months_whole(on: date, count: int) -> tuple[date, date]:
    """Return the first and the last day of the last `count` whole months before `on`."""
    first = on.replace(day=1)
    return months_before(first, count), first - timedelta(days=1)


def month_end(day: date) -> date:
    """Return the last day of the month of `day`."""
    return _day_of(day.year, day.month, 31)


def _day_of(year: int, month: int, day: int) -> date:
    # The day before the next month begins is the last day, in leap years as well.
    after = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day - 1), after - timedelta(days=1))


def determination_dates(terms: TermsInForce, calendar: BusinessCalendar, until: date) -> tuple[date, ...]:
    """Return the Determination Dates after closing up to `until`.

    They begin with the first after closing, or with the `first` that the deal states.
    """
    # A date written after `until` may be moved back onto it.
    return tuple(day for day in _determined(terms, calendar, until + WEEK) if day <= until)


def next_determination_date(terms: TermsInForce, calendar: BusinessCalendar, after: date) -> date:
    """Return the first Determination Date later than `after`."""
    return next(day for day in _determined(terms, calendar, date.max, after) if day > after)


def date_of_period(terms: TermsInForce, calendar: BusinessCalendar, end: date) -> date:
    """Return the Determination Date of the report period that ends on a given day.

    It is the first one after that day. If tests are determined on delivery, they are as of the period's end,
    and the day itself counts too.
    """
    return next_determination_date(
        terms, calendar, end - timedelta(days=1) if terms.determination_dates.on_delivery else end
    )


def is_determination_date(terms: TermsInForce, calendar: BusinessCalendar, day: date) -> bool:
    """Return whether a day is a Determination Date."""
    # A date written in the week after may be moved back onto this day.
    return day in _determined(terms, calendar, day + WEEK, day)


def _determined(
    terms: TermsInForce, calendar: BusinessCalendar, last: date, since: date = date.min
) -> Iterator[date]:
    """Yield the Determination Dates up to `last`, each moved by the deal's Business Day rule.

    The bound `last` applies to the date before it is moved. Dates are made one by one, as the caller takes
    them. With `since`, dates well before that day may be left out.
    """
    for written, moved in dates_made(terms, calendar, last, since):
        first = terms.determination_dates.first
        # `first` may be given as written or as moved, so either of the two reaches it.
        if first is None or max(written, moved) >= first:
            yield moved


def dates_made(
    terms: TermsInForce, calendar: BusinessCalendar, last: date, since: date = date.min
) -> Iterator[tuple[date, date]]:
    """Yield (unmoved date, moved date) for each date that the rule makes, even before the deal's first date.

    The dates start on the day after closing, or two weeks before `first` if the deal names a first date. With
    `since` they start no earlier than a date that the Business Day rule could move onto that day.
    """
    rule = terms.determination_dates
    start = terms.closing_date + timedelta(days=1)
    if (
        rule.first is not None
    ):  # the Business Day rule may have moved the first date past `first`, or before it
        start = rule.first - 2 * WEEK
    # Near `date.min` the subtraction below would leave the calendar.
    if since - date.min > MOVED_AT_MOST:
        start = max(start, since - MOVED_AT_MOST)
    if rule.every in WEEKDAYS:
        dates = weekly(WEEKDAYS.index(rule.every), start, last)
    else:
        dates = monthly(rule.day or 1, rule.months or MONTHS, start, last)
    return ((day, calendar.roll(day, rule.if_not_a_business_day)) for day in dates)


def payment_dates(
    terms: TermsInForce, calendar: BusinessCalendar, first: date, last: date
) -> tuple[date, ...]:
    """Return the Payment Dates from `first` to `last`, moved by the deal's rule."""
    rule = terms.payment_dates
    if rule is None:
        return ()
    dates = monthly(
        rule.day, rule.months or MONTHS, first - WEEK, last + WEEK
    )  # a date moved back was written for a later day
    moved = (calendar.roll(day, rule.if_not_a_business_day) for day in dates)
    return tuple(day for day in moved if first <= day <= last)


def next_payment_date(terms: TermsInForce, calendar: BusinessCalendar, on: date) -> date | None:
    """Return the first Payment Date after `on`; None if the deal has none."""
    # A quarter has at most 92 days. The rest leaves room for dates that the rule moves.
    return next(iter(payment_dates(terms, calendar, on + timedelta(days=1), on + timedelta(days=110))), None)


def period_ends(rule: ServicerReports, on: date) -> tuple[date, ...]:
    """Return the last days of the reporting periods that ended before `on`, newest first.

    They are Wednesdays, or the ends of months or quarters. There are three weeks or months, or the quarters
    among nine months.
    """
    if rule.every == "week":
        # A week that ends on `on` itself is not over before it: the Wednesday lies at least one day back.
        last = on - timedelta(days=(on.weekday() - THURSDAY) % 7 + 1)
        return tuple(last - n * WEEK for n in range(3))
    first, quarterly = on.replace(day=1), rule.every == "quarter"
    ends = (months_before(first, n) - timedelta(days=1) for n in range(9 if quarterly else 3))
    return tuple(end for end in ends if not quarterly or end.month in (rule.months or QUARTER_ENDS))


def period_of(rule: ServicerReports | None, day: date) -> tuple[date, date]:
    """Return the first and the last day of the reporting period in which a day lies.

    Without a reporting rule it is the week from Thursday to Wednesday.
    """
    if rule is None or rule.every == "week":
        # A report's week is the Calculation Window of the index, which ends on the Wednesday.
        end = day + timedelta(days=(THURSDAY - 1 - day.weekday()) % 7)
        return end - WEEK + timedelta(days=1), end
    end = month_end(day)
    while rule.every == "quarter" and end.month not in (rule.months or QUARTER_ENDS):
        end = month_end(end + timedelta(days=1))
    return period_start(rule, end), end


QUARTER_ENDS = (3, 6, 9, 12)
PERIOD_MONTHS = {"month": 1, "quarter": 3}


def period_start(rule: ServicerReports, end: date) -> date:
    """Return the first day of the reporting period that ends on a given day."""
    if rule.every == "week":
        return end - WEEK + timedelta(days=1)
    return months_before(end.replace(day=1), PERIOD_MONTHS[rule.every] - 1)


def counted_from(rule: RelativePeriod, day: date, calendar: BusinessCalendar) -> date:
    """Return the date that a rule sets by `day`: `1 business day before determination date`."""
    return counted(day, rule.period, calendar.add, -1 if rule.direction == "before" else 1)


def cut_off_on(terms: TermsInForce, day: date) -> datetime:
    """Return the moment by which a report or an Act must have been received to count for a date.

    See `rulings.md` 26a.
    """
    return moment_on(day, terms.determination_dates.cut_off, terms.time_zone)


def moment_on(day: date, at: ClockTime, zone: str) -> datetime:
    """Return the moment of an hour of a day in a time zone; `end of day` is the next midnight."""
    ends = at == END_OF_DAY
    hour = time() if ends else time(at.hour, at.minute)
    # The zone is given to the wall clock of the day, so an hour stays that hour when clocks change.
    return datetime.combine(day + timedelta(days=1) if ends else day, hour, ZoneInfo(zone))


def waits_until(terms: TermsInForce, day: date) -> str:
    """Return the cut-off of a date in words: `2026-03-12, 18:00 New York`."""
    place = terms.time_zone.rpartition("/")[2].replace("_", " ")
    return f"{day}, {terms.determination_dates.cut_off} {place}"


DAYS_IN = {"days": 1, "weeks": 7}
MONTHS_IN = {"months": 1, "years": 12}


def counted(day: date, period: Period, add: Callable[[date, int], date], sign: int = 1) -> date:
    """Return the last day of a period counted from the day after `day`, or back from the day before it.

    Args:
        day: the date of the event.
        period: the period, in Business Days, days, weeks or months.
        add: the n-th Business Day after a day, on the deal's calendar.
        sign: 1 to count forward, -1 to count back.

    Raises:
        KeyError: the period has another unit, which no file can write here.
    """
    if period.unit == "business days":
        return add(day, sign * period.count)
    if period.unit == "months":
        # Months before, taken negatively, are months after. A shorter month gives its last day.
        return months_before(day, -sign * period.count)
    return day + sign * timedelta(days=period.count * DAYS_IN[period.unit])


def earlier(day: date, period: Period) -> date:
    """Return the day that lies a `CalendarPeriod` before `day`. Months and years are those of the calendar.

    Raises KeyError for any other unit, which no file can write here.
    """
    if period.unit in MONTHS_IN:
        return months_before(day, period.count * MONTHS_IN[period.unit])
    return day - timedelta(days=period.count * DAYS_IN[period.unit])
